#include "tests/support/http_client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"

struct HttpClient {
        int fd;
        Buffer input; /* received, not yet read as an answer */
};

static HttpClient *connect_to(const struct sockaddr *address, socklen_t size)
{
        _cleanup_(http_client_freep) HttpClient *client = calloc(1, sizeof *client);
        int on = 1;

        if (!client)
                return NULL;
        client->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (client->fd < 0 || connect(client->fd, address, size) != 0)
                return NULL;
        (void)setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return TAKE_PTR(client);
}

HttpClient *http_client_new(uint16_t port)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return connect_to((const struct sockaddr *)&address, sizeof address);
}

HttpClient *http_client_new_ipv6(uint16_t port)
{
        struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

        address.sin6_addr = in6addr_loopback;
        return connect_to((const struct sockaddr *)&address, sizeof address);
}

void http_client_free(HttpClient *client)
{
        if (!client)
                return;
        if (client->fd >= 0)
                (void)close(client->fd);
        buffer_deinit(&client->input);
        free(client);
}

bool http_client_send(HttpClient *client, const void *data, size_t size)
{
        const char *p = data;

        while (size) {
                ssize_t n = send(client->fd, p, size, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return false;
                p += n;
                size -= (size_t)n;
        }
        return true;
}

bool http_client_send_within(HttpClient *client, const void *data, size_t size, int64_t timeout_us)
{
        struct pollfd poll_fd = { .fd = client->fd, .events = POLLOUT };
        int64_t deadline_us = clock_monotonic_us() + timeout_us;
        const char *p = data;

        while (size) {
                int64_t left_us = deadline_us - clock_monotonic_us();
                ssize_t n = send(client->fd, p, size, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n > 0) {
                        p += n;
                        size -= (size_t)n;
                } else if ((n < 0 && errno != EAGAIN) || left_us <= 0 ||
                           poll(&poll_fd, 1, (int)(left_us / US_PER_MS) + 1) < 0) {
                        return false;
                }
        }
        return true;
}

bool http_client_send_text(HttpClient *client, const char *text)
{
        return http_client_send(client, text, strlen(text));
}

bool http_client_request(HttpClient *client, const char *method, const char *target,
                         const char *headers, const char *body)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        buffer_printf(&text, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, target,
                      headers ? headers : "");
        if (body)
                buffer_printf(&text, "Content-Length: %zu\r\n", strlen(body));
        buffer_append_string(&text, "\r\n");
        if (body)
                buffer_append_string(&text, body);
        return http_client_send(client, text.data, text.size);
}

/* Receive more; false at the end of the stream, on an error, and at the deadline. */
static bool receive(HttpClient *client, int64_t deadline_us)
{
        struct pollfd poll_fd = { .fd = client->fd, .events = POLLIN };
        int64_t left_us = deadline_us - clock_monotonic_us();
        ssize_t n;

        if (left_us <= 0 || poll(&poll_fd, 1, (int)(left_us / US_PER_MS) + 1) <= 0)
                return false;
        n = recv(client->fd, buffer_reserve(&client->input, 65536), 65536, 0);
        if (n <= 0)
                return false;
        client->input.size += (size_t)n;
        client->input.data[client->input.size] = '\0';
        return true;
}

static void drop_input(HttpClient *client, size_t size)
{
        Buffer rest = BUFFER_INIT;

        buffer_append(&rest, client->input.data + size, client->input.size - size);
        buffer_deinit(&client->input);
        client->input = rest;
}

static bool read_head(HttpClient *client, HttpAnswer *answer, int64_t deadline_us)
{
        const char *end = NULL;

        while (!end) {
                if (client->input.size)
                        end = memmem(client->input.data, client->input.size, "\r\n\r\n", 4);
                if (!end && !receive(client, deadline_us))
                        return false;
        }
        buffer_clear(&answer->head);
        buffer_append(&answer->head, client->input.data, (size_t)(end - client->input.data));
        drop_input(client, answer->head.size + 4);
        if (strncmp(buffer_text(&answer->head), "HTTP/1.1 ", 9) != 0)
                return false;
        answer->status = (int)strtol(answer->head.data + 9, NULL, 10);
        return true;
}

/* The next line of the input, without its end, taken away; false when it does not come. */
static bool read_chunk_size(HttpClient *client, size_t *ret, int64_t deadline_us)
{
        char *end = NULL;

        while (!end) {
                if (client->input.size)
                        end = memmem(client->input.data, client->input.size, "\r\n", 2);
                if (!end && !receive(client, deadline_us))
                        return false;
        }
        *ret = strtoull(client->input.data, NULL, 16);
        drop_input(client, (size_t)(end - client->input.data) + 2);
        return true;
}

static bool read_chunks(HttpClient *client, HttpAnswer *answer, int64_t deadline_us)
{
        size_t size;

        do {
                if (!read_chunk_size(client, &size, deadline_us))
                        return false;
                while (client->input.size < size + 2) {
                        if (!receive(client, deadline_us))
                                return false;
                }
                buffer_append(&answer->body, client->input.data, size);
                drop_input(client, size + 2);
        } while (size);
        return true;
}

static bool read_body(HttpClient *client, HttpAnswer *answer, int64_t deadline_us)
{
        char length[24];
        size_t size;

        if (http_answer_header(answer, "Transfer-Encoding", length, sizeof length))
                return read_chunks(client, answer, deadline_us);
        if (!http_answer_header(answer, "Content-Length", length, sizeof length))
                return answer->status == 204 || answer->status == 304;
        size = strtoull(length, NULL, 10);
        while (client->input.size < size) {
                if (!receive(client, deadline_us))
                        return false;
        }
        if (size) {
                buffer_append(&answer->body, client->input.data, size);
                drop_input(client, size);
        }
        return true;
}

bool http_client_wait_continue(HttpClient *client)
{
        _cleanup_(http_answer_deinit) HttpAnswer answer = HTTP_ANSWER_INIT;

        return read_head(client, &answer,
                         clock_monotonic_us() + HTTP_CLIENT_TIMEOUT_MS * US_PER_MS) &&
               answer.status == 100;
}

bool http_client_read(HttpClient *client, HttpAnswer *answer, bool to_head)
{
        int64_t deadline_us = clock_monotonic_us() + HTTP_CLIENT_TIMEOUT_MS * US_PER_MS;

        answer->status = 0;
        buffer_clear(&answer->body);
        do {
                if (!read_head(client, answer, deadline_us))
                        return false;
        } while (answer->status == 100);
        return to_head || read_body(client, answer, deadline_us);
}

bool http_client_read_head(HttpClient *client, HttpAnswer *answer)
{
        return read_head(client, answer, clock_monotonic_us() + HTTP_CLIENT_TIMEOUT_MS * US_PER_MS);
}

bool http_client_expect(HttpClient *client, const char *text)
{
        int64_t deadline_us = clock_monotonic_us() + HTTP_CLIENT_TIMEOUT_MS * US_PER_MS;
        size_t size = strlen(text);

        while (client->input.size < size) {
                if (!receive(client, deadline_us))
                        return false;
        }
        if (memcmp(client->input.data, text, size) != 0)
                return false;
        drop_input(client, size);
        return true;
}

void http_client_end(HttpClient *client)
{
        (void)shutdown(client->fd, SHUT_WR);
}

int http_client_exchange(HttpClient *client, HttpAnswer *answer, const char *method,
                         const char *target, const char *headers, const char *body)
{
        if (!http_client_request(client, method, target, headers, body) ||
            !http_client_read(client, answer, strcmp(method, "HEAD") == 0))
                return 0;
        return answer->status;
}

bool http_client_wait_closed(HttpClient *client, Buffer *ret_rest)
{
        int64_t deadline_us = clock_monotonic_us() + HTTP_CLIENT_TIMEOUT_MS * US_PER_MS;

        while (receive(client, deadline_us))
                ;
        if (ret_rest && client->input.size)
                buffer_append(ret_rest, client->input.data, client->input.size);
        buffer_clear(&client->input);
        return clock_monotonic_us() < deadline_us;
}

void http_answer_deinit(HttpAnswer *answer)
{
        buffer_deinit(&answer->head);
        buffer_deinit(&answer->body);
        answer->status = 0;
}

bool http_answer_header(const HttpAnswer *answer, const char *name, char *ret_value, size_t size)
{
        size_t name_size = strlen(name);

        for (const char *line = strstr(buffer_text(&answer->head), "\r\n"); line;
             line = strstr(line, "\r\n")) {
                line += 2;
                if (strncasecmp(line, name, name_size) == 0 && line[name_size] == ':') {
                        const char *value = line + name_size + 1;

                        value += strspn(value, " ");
                        (void)snprintf(ret_value, size, "%.*s", (int)strcspn(value, "\r"), value);
                        return true;
                }
        }
        return false;
}
