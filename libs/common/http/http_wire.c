#include "common/http/http_wire.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/http/http_date.h"

#define TICK_MS          100 /* how often a reader looks whether it is to stop */
#define LINGER_US        (2 * US_PER_SEC)
#define CONTINUE_US      US_PER_SEC /* to send 25 bytes */
#define PIECE_HEAD_BYTES 20         /* a chunk's size in hex, CRLF */

HttpWire *http_wire_new(int fd, HttpConnections *connections)
{
        HttpWire *wire = calloc(1, sizeof *wire);

        if (wire)
                wire->bytes = malloc(HTTP_HEAD_BYTES_MAX);
        if (!wire || !wire->bytes) {
                free(wire);
                (void)close(fd);
                return NULL;
        }
        wire->fd = fd;
        wire->connections = connections;
        wire->chunks = HTTP_CHUNKS_INIT;
        (void)pthread_mutex_init(&wire->lock, NULL);
        return wire;
}

void http_wire_free(HttpWire *wire)
{
        if (!wire)
                return;
        (void)close(wire->fd);
        (void)pthread_mutex_destroy(&wire->lock);
        free(wire->bytes);
        free(wire);
}

static bool wait_for(const HttpWire *wire, short events, int timeout_ms)
{
        struct pollfd fd = { .fd = wire->fd, .events = events };

        return poll(&fd, 1, timeout_ms) > 0;
}

/* More bytes behind those that are there. Return: their number, 0 at the end, -1 when none are there now. */
static ssize_t receive(HttpWire *wire)
{
        ssize_t n;

        if (wire->begin == wire->end)
                wire->begin = wire->end = 0;
        n = recv(wire->fd, wire->bytes + wire->end, HTTP_HEAD_BYTES_MAX - wire->end, 0);
        if (n > 0)
                wire->end += (size_t)n;
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
                return 0;
        return n;
}

ErrorCode http_wire_read_head(HttpWire *wire, HttpHead *head, int *ret_status, Error *err)
{
        size_t size;

        while (!(size = http_head_size(wire->bytes, wire->end))) {
                if (wire->end == HTTP_HEAD_BYTES_MAX) {
                        *ret_status = 431;
                        return error_set(err, ERROR_TOO_LARGE, "the head is over %d bytes",
                                         HTTP_HEAD_BYTES_MAX);
                }
                (void)wait_for(wire, POLLIN, -1);
                if (receive(wire) == 0)
                        return error_set(err, ERROR_UNAVAILABLE, "the client has gone");
        }
        wire->begin = size;
        return http_head_parse(head, wire->bytes, size, ret_status, err);
}

/* What is left to send of @data is waited for; false when the client has gone or is too slow. */
static bool send_all(const HttpWire *wire, const char *data, size_t size, int flags,
                     int64_t deadline_us)
{
        while (size) {
                ssize_t n = send(wire->fd, data, size, MSG_NOSIGNAL | flags);
                int64_t left_ms = (deadline_us - clock_monotonic_us()) / US_PER_MS;

                if (n > 0) {
                        data += n;
                        size -= (size_t)n;
                } else if ((n < 0 && errno != EAGAIN && errno != EINTR) || left_ms <= 0) {
                        return false;
                } else {
                        (void)wait_for(wire, POLLOUT,
                                       left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
                }
        }
        return true;
}

/* @flags: MSG_MORE when something follows at once. */
static bool send_bytes(HttpWire *wire, const char *data, size_t size, int flags,
                       int64_t deadline_us)
{
        if (atomic_load(&wire->is_cut))
                return false;
        if (send_all(wire, data, size, flags, deadline_us))
                return true;
        atomic_store(&wire->is_cut, true);
        (void)shutdown(wire->fd, SHUT_RDWR); /* its reader sees it at once */
        return false;
}

static void send_continue(HttpWire *wire)
{
        static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

        wire->wants_continue = false;
        MUTEX_GUARD(&wire->lock);
        if (!wire->is_head_sent)
                (void)send_bytes(wire, text, sizeof text - 1, 0,
                                 clock_monotonic_us() + CONTINUE_US);
}

static bool is_complete(const HttpWire *wire)
{
        return wire->is_chunked ? wire->chunks.state == CHUNKS_END : wire->left == 0;
}

/* What has come in already, without its framing; *ret_n stays 0 when that is nothing. */
static ErrorCode take_bytes(HttpWire *wire, void *data, size_t size, size_t *ret_n, Error *err)
{
        const char *bytes = wire->bytes + wire->begin, *piece = bytes;
        size_t n = wire->end - wire->begin, used = 0;
        ErrorCode code = ERROR_NONE;

        if (n > size)
                n = size;
        if (wire->is_chunked) {
                code = http_chunks_next(&wire->chunks, bytes, n, &used, &piece, ret_n, err);
        } else {
                used = *ret_n = n < wire->left ? n : (size_t)wire->left;
                wire->left -= used;
        }
        if (code)
                return code;
        memcpy(data, piece, *ret_n);
        wire->begin += used;
        return ERROR_NONE;
}

ErrorCode http_wire_read(HttpWire *wire, void *data, size_t size, size_t *ret_n,
                         int64_t deadline_us, int *ret_status, Error *err)
{
        *ret_n = 0;
        while (!is_complete(wire)) {
                ErrorCode code;

                if (http_connections_draining(wire->connections))
                        return error_set(err, ERROR_UNAVAILABLE, "the service is stopping");
                if (atomic_load(&wire->is_cut))
                        return error_set(err, ERROR_UNAVAILABLE, "the answers are not taken");
                code = take_bytes(wire, data, size, ret_n, err);
                if (code || *ret_n)
                        return code;
                if (wire->begin < wire->end || is_complete(wire))
                        continue; /* framing only, so far */
                if (wire->wants_continue)
                        send_continue(wire);
                if (clock_monotonic_us() >= deadline_us) {
                        *ret_status = 408;
                        return error_set(err, ERROR_MALFORMED, "the body does not go on");
                }
                if (wait_for(wire, POLLIN, TICK_MS) && receive(wire) == 0)
                        return error_set(err, ERROR_MALFORMED, "the body ends before its end");
        }
        return ERROR_NONE;
}

static void write_head(Buffer *text, const HttpWire *wire, int status, const struct _u_map *headers)
{
        const char **names = u_map_enum_keys(headers);
        char date[HTTP_DATE_SIZE];

        http_date_format(clock_now_us(), date);
        buffer_printf(text, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n", status,
                      MHD_get_reason_phrase_for((unsigned)status), date);
        for (size_t i = 0; names && names[i]; i++) {
                if (strcasecmp(names[i], "Connection") != 0)
                        buffer_printf(text, "%s: %s\r\n", names[i], u_map_get(headers, names[i]));
        }
}

bool http_wire_send_whole(HttpWire *wire, int status, const struct _u_map *headers,
                          const void *body, size_t body_size, int64_t deadline_us)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        MUTEX_GUARD(&wire->lock);
        wire->is_head_sent = true;
        write_head(&text, wire, status, headers);
        if (status != 204)
                buffer_printf(&text, "Content-Length: %zu\r\n", body_size);
        buffer_append_string(&text, "\r\n");
        if (body_size)
                buffer_append(&text, body, body_size);
        return send_bytes(wire, text.data, text.size, 0, deadline_us);
}

bool http_wire_send_head(HttpWire *wire, int status, const struct _u_map *headers,
                         int64_t deadline_us)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        MUTEX_GUARD(&wire->lock);
        wire->is_head_sent = true;
        write_head(&text, wire, status, headers);
        buffer_append_string(&text,
                             wire->to_http_1_0 ? "\r\n" : "Transfer-Encoding: chunked\r\n\r\n");
        return send_bytes(wire, text.data, text.size, MSG_MORE, deadline_us);
}

bool http_wire_send_piece(HttpWire *wire, const void *data, size_t size, int64_t deadline_us)
{
        char head[PIECE_HEAD_BYTES];
        int n;

        if (!size)
                return !atomic_load(&wire->is_cut);
        if (wire->to_http_1_0)
                return send_bytes(wire, data, size, 0, deadline_us);
        n = snprintf(head, sizeof head, "%zx\r\n", size);
        return send_bytes(wire, head, (size_t)n, MSG_MORE, deadline_us) &&
               send_bytes(wire, data, size, MSG_MORE, deadline_us) &&
               send_bytes(wire, "\r\n", 2, 0, deadline_us);
}

bool http_wire_send_end(HttpWire *wire, int64_t deadline_us)
{
        static const char text[] = "0\r\n\r\n";

        return wire->to_http_1_0 || send_bytes(wire, text, sizeof text - 1, 0, deadline_us);
}

void http_wire_linger(HttpWire *wire)
{
        int64_t end_us = clock_monotonic_us() + LINGER_US;

        if (atomic_load(&wire->is_cut) || shutdown(wire->fd, SHUT_WR) != 0)
                return;
        while (clock_monotonic_us() < end_us && !http_connections_draining(wire->connections)) {
                wire->begin = wire->end = 0;
                if (wait_for(wire, POLLIN, TICK_MS) && receive(wire) == 0)
                        return;
        }
}
