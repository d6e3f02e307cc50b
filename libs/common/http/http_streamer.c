#include "common/http/http_streamer.h"

#include <string.h>

#include "common/auth/principal.h"
#include "common/base/clock.h"

typedef struct Streamer {
        const HttpSite *site;
        HttpWire *wire;
        HttpConnection *connection;
} Streamer;

static void streamer_free(Streamer *streamer)
{
        http_connection_close(streamer->connection); /* nothing of the site is used from here on */
        http_wire_free(streamer->wire);
        free(streamer);
}

DEFINE_CLEANUP(Streamer *, streamer_free)

/* The head as ulfius would have told of it. */
static bool fill_request(struct _u_request *request, const HttpHead *head)
{
        request->http_protocol = o_strdup(head->is_http_1_0 ? "HTTP/1.0" : "HTTP/1.1");
        request->http_verb = o_strdup(head->method);
        request->http_url = o_strdup(head->target);
        request->url_path = o_strndup(head->target, strcspn(head->target, "?"));
        for (size_t i = 0; i < head->n_headers; i++) {
                const char *name = head->headers[i].name, *value = head->headers[i].value;
                const char *before = u_map_get(request->map_header, name);
                _cleanup_(buffer_deinit) Buffer joined = BUFFER_INIT;

                if (before)
                        buffer_printf(&joined, "%s,%s", before, value);
                if (u_map_put(request->map_header, name, before ? joined.data : value) != U_OK)
                        return false;
        }
        return request->http_protocol && request->http_verb && request->http_url &&
               request->url_path;
}

/* As the library's strict mode does. */
static ErrorCode check_host(const HttpHead *head, const HttpRequest *req, Error *err)
{
        if (!head->is_http_1_0 && !http_request_header(req, "Host"))
                return error_set(err, ERROR_MALFORMED, "an HTTP/1.1 request has a Host");
        return ERROR_NONE;
}

static ErrorCode read_framing(HttpWire *wire, const HttpHead *head, const HttpRequest *req,
                              int *ret_status, Error *err)
{
        const char *expect = http_request_header(req, "Expect");
        HttpFraming framing = { .length = 0 };
        ErrorCode code = http_request_framing(req, &framing, ret_status, err);

        wire->is_chunked = framing.is_chunked;
        wire->left = framing.length;
        wire->to_http_1_0 = head->is_http_1_0;
        wire->wants_continue =
                !head->is_http_1_0 && expect && strcasecmp(expect, "100-continue") == 0;
        return code;
}

static void serve_request(const Streamer *streamer, struct _u_request *request,
                          struct _u_response *response)
{
        HttpWire *wire = streamer->wire;
        HttpStream stream = { .wire = wire };
        HttpRequest req = { .ulfius = request,
                            .target = HTTP_TARGET_INIT,
                            .received_us = http_connection_received_us(streamer->connection),
                            .stream = &stream };
        HttpResponse res = { .ulfius = response };
        HttpHead head;
        Error err = ERROR_INIT;
        int status = 0;
        ErrorCode code = http_wire_read_head(wire, &head, &status, &err);

        if (code == ERROR_UNAVAILABLE)
                return;
        http_connection_streaming(streamer->connection);
        if (!code && !fill_request(request, &head))
                code = error_no_memory(&err);
        if (!code)
                code = check_host(&head, &req, &err);
        if (!code)
                code = read_framing(wire, &head, &req, &status, &err);
        if (code) { /* as the library does it: what is no request is not told of */
                http_response_problem_with(&res, &err, status, NULL);
                http_stream_finish(&stream, &res, clock_monotonic_us() + US_PER_SEC);
        } else {
                http_site_answer(streamer->site, &req, &res, SIZE_MAX);
        }
        http_wire_linger(wire);
        http_target_deinit(&req.target);
        principal_free(req.principal);
}

static void *serve(void *data)
{
        _cleanup_(streamer_freep) Streamer *streamer = data;
        struct _u_request request;
        struct _u_response response;

        http_connection_reading(streamer->connection);
        if (ulfius_init_request(&request) != U_OK)
                return NULL;
        if (ulfius_init_response(&response) == U_OK) {
                serve_request(streamer, &request, &response);
                (void)ulfius_clean_response(&response);
        }
        (void)ulfius_clean_request(&request);
        return NULL;
}

void http_streamer_start(const HttpSite *site, int fd, HttpConnection *connection)
{
        Streamer *streamer = calloc(1, sizeof *streamer);
        HttpWire *wire = http_wire_new(fd, site->connections);
        pthread_attr_t attr;
        pthread_t thread;

        if (!streamer || !wire) {
                http_wire_free(wire);
                http_connection_close(connection);
                free(streamer);
                return;
        }
        *streamer = (Streamer){ .site = site, .wire = wire, .connection = connection };
        (void)pthread_attr_init(&attr);
        (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
        /* whoever stops the server waits for its connections, and so for this thread */
        if (pthread_create(&thread, &attr, serve, streamer) != 0)
                streamer_free(streamer);
        (void)pthread_attr_destroy(&attr);
}
