#pragma once

/*
 * http.h — an HTTP server over ulfius: routes from a table, bodies with a limit, problem+json errors.
 *
 * Handlers run on a thread per connection and may block.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

typedef struct HttpServer HttpServer;
typedef struct HttpRequest HttpRequest;
typedef struct HttpResponse HttpResponse;
typedef struct HttpStream HttpStream;
typedef struct Principal Principal;       /* common/auth/principal.h */
typedef struct AuthVerifier AuthVerifier; /* common/auth/auth.h */

/* Fill @res; a handler that fills nothing answers 500. Thread: an HTTP thread. */
typedef void (*HttpHandler)(void *app, const HttpRequest *req, HttpResponse *res);

typedef struct HttpRoute {
        const char *method; /* "GET"; HEAD follows GET by itself */
        const char
                *pattern; /* "/v1/commands/:type"; a segment that begins with ':' is a parameter */
        HttpHandler handler;
        bool public; /* no credentials asked for: health and metrics only */
        const char
                *group; /* the principal must be in it, 403 otherwise; NULL: the handler decides */
} HttpRoute;

typedef struct HttpOptions {
        const char *service;          /* for messages */
        const char *listen_address;   /* "127.0.0.1", "0.0.0.0" or "::" */
        uint16_t port;                /* 0: any free one, see http_server_port() */
        size_t body_bytes_max;        /* 413 beyond */
        unsigned connections_max;     /* more wait until one ends; idle ones are closed for them */
        unsigned idle_timeout_s;      /* connections without a byte this long are closed */
        unsigned read_timeout_s;      /* a request that is not complete by then is cut off */
        const AuthVerifier *verifier; /* borrowed; NULL: only public routes can be reached */

        /* Paths whose POSTs are streamed when they are the first request of a connection; ends with NULL and
         * stays in place; NULL: none. Such a body has no limit, and its handler gets it as it comes. */
        const char *const *streamed_paths;

        /* The process' own routes, beside those of the app; may be NULL. Their handlers and the
         * callbacks below get @own instead of the app. */
        const HttpRoute *own_routes;
        void *own;
        /* Called once per answered request; may be NULL. @route is the pattern, as in the table, or
         * "" for none; @problem is what was answered as one, with its detail, or NULL. Any thread. */
        void (*on_request)(void *own, const HttpRequest *req, const char *route, int status,
                           int64_t duration_us, const Error *problem);
        /* The library's own remarks (a malformed request, a lost socket); may be NULL. Any thread. */
        void (*on_message)(void *own, const char *text);
} HttpOptions;

#define HTTP_HEAD_BYTES_MAX    32768 /* request line and headers; 431 or 414 beyond */
#define HTTP_HEADERS_MAX       100   /* 431 beyond */
#define HTTP_PATH_SEGMENTS_MAX 16    /* of a route */
#define HTTP_QUERY_PARAMS_MAX  64    /* 400 beyond */

/**
 * http_server_start() - bind and serve
 * @routes:  ends with { NULL }; must stay in place
 * @app:     handed to handlers
 *
 * Unknown paths answer 404, known paths with another method 405 with Allow, all as problem+json;
 * OPTIONS answers 204 with Allow. A request with both Transfer-Encoding and Content-Length is refused
 * with 400, a body over the limit with 413. Route handlers that are not public run only with valid
 * credentials (Authorization: Bearer, or x-api-key): 401 with WWW-Authenticate otherwise; 403 when the
 * route names a group that the principal is not in. Where two patterns match, the one with the earlier
 * literal segment wins.
 *
 * Return: ERROR_NONE; ERROR_UNAVAILABLE when the address is taken (message names address and port).
 */
_must_check_ ErrorCode http_server_start(HttpServer **ret, const HttpOptions *options,
                                         const HttpRoute *routes, void *app, Error *err);

/**
 * http_server_stop() - refuse new connections, finish what runs, close
 * @deadline_us:  clock_monotonic_us(); what is not answered by then is cut off
 *
 * Idle connections are closed at once, the others after their answer. Thread: not an HTTP thread.
 *
 * Return: true; false when a handler still runs at the deadline: then nothing it uses may be freed.
 */
bool http_server_stop(HttpServer *server, int64_t deadline_us);

/* Stops first when running, with no grace but for handlers, which are waited for. */
void http_server_free(HttpServer *server);
DEFINE_CLEANUP(HttpServer *, http_server_free)
uint16_t http_server_port(const HttpServer *server);
size_t http_server_connections(const HttpServer *server); /* open now; thread: any */

/* Requests: text is owned by the request and valid while the handler runs; NULL when absent. All of
 * it is UTF-8 (a request with other bytes answers 400), except the body. */
const char *http_request_method(const HttpRequest *req);
const char *http_request_path(const HttpRequest *req); /* as sent, not decoded, without the query */
const char *http_request_param(const HttpRequest *req,
                               const char *name); /* of the route, decoded */
const char *http_request_query(const HttpRequest *req,
                               const char *name); /* decoded; first of several */
const char *http_request_header(const HttpRequest *req,
                                const char *name); /* any case; repeated ones joined by "," */
const char *http_request_body(const HttpRequest *req,
                              size_t *ret_size);                 /* never NULL, no NUL at its end */
const Principal *http_request_principal(const HttpRequest *req); /* NULL on public routes */
int64_t http_request_received_us(const HttpRequest *req);        /* wall clock */

/* Call @visit for every query parameter, decoded. */
void http_request_each_query(const HttpRequest *req,
                             void (*visit)(void *data, const char *name, const char *value),
                             void *data);

/**
 * http_request_stream() - body and answer of @req as streams; for handlers that need no whole body
 *
 * Over the connection when the request is streamed (see HttpOptions), so that answers leave while the body
 * still comes in; in memory otherwise. Valid while the handler runs. One thread reads, one may write
 * meanwhile.
 */
HttpStream *http_request_stream(const HttpRequest *req);

/**
 * http_stream_read() - some more bytes of the body
 * @deadline_us:  clock_monotonic_us()
 * @ret_n:        0 at the end of the body
 * @ret_status:   set when the code's own will not do
 *
 * Return: ERROR_NONE; ERROR_MALFORMED when the body is cut short, breaks the framing, or (408) does not go
 *         on in time; ERROR_UNAVAILABLE when the server stops or the answer cannot be sent.
 */
_must_check_ ErrorCode http_stream_read(HttpStream *stream, void *data, size_t size, size_t *ret_n,
                                        int64_t deadline_us, int *ret_status, Error *err);

/* Answer with a body in pieces; then fill no HttpResponse. Its headers go out with the first piece. */
void http_stream_start(HttpStream *stream, HttpResponse *res, int status, const char *content_type);

/* The next piece. False, from then on always, when the client has gone or has not taken it by @deadline_us. */
bool http_stream_write(HttpStream *stream, const void *data, size_t size, int64_t deadline_us);

/* Responses. A header of the same name is replaced; control characters in a value become '?'. */
void http_response_header(HttpResponse *res, const char *name, const char *value);     /* copied */
void http_response_json(HttpResponse *res, int status, const char *text, size_t size); /* copied */
void http_response_text(HttpResponse *res, int status, const char *content_type, const char *text);
void http_response_empty(HttpResponse *res, int status);

/**
 * http_response_problem() - answer an error as application/problem+json (RFC 9457)
 *
 * {"type":"https://skafu.dev/problems/<code>","title":…,"status":…,"detail":message,"field":field}
 * The status comes from one table: malformed 400, unauthenticated 401, forbidden 403, invalid 422, not-found 404,
 * conflict 409, too-large 413, unavailable 503 (with Retry-After: 1), internal 500 (detail withheld).
 */
void http_response_problem(HttpResponse *res, const Error *err);

/* The same with members of the caller's: @extra is "\"currentVersion\":3" or NULL. @status 0: from the
 * table; another one gives type and title too (405 is "method-not-allowed"). */
void http_response_problem_with(HttpResponse *res, const Error *err, int status, const char *extra);

/* The text of a problem, and a response of such a text (written for the same @err and @status). */
void http_problem_write(Buffer *text, const Error *err, int status, const char *extra);
void http_response_problem_text(HttpResponse *res, const Error *err, int status,
                                const Buffer *text);

int http_status_of(ErrorCode code);
