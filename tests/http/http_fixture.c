#include "tests/http/http_fixture.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/auth/principal.h"
#include "common/base/clock.h"
#include "common/base/json_writer.h"

static void write_query(void *data, const char *name, const char *value)
{
        json_write_string(data, name, value);
}

/* What the request was, as JSON; the header "X-Echo" comes back as a header. */
static void describe(void *app, const HttpRequest *req, HttpResponse *res)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        const char *echo = http_request_header(req, "x-echo");
        size_t size;
        const char *body = http_request_body(req, &size);

        json_write_object(&text, NULL);
        json_write_string(&text, "method", http_request_method(req));
        json_write_string(&text, "path", http_request_path(req));
        json_write_string(&text, "id", http_request_param(req, "id"));
        json_write_string(&text, "first", http_request_query(req, "a"));
        json_write_string(&text, "echo", echo);
        json_write_string_n(&text, "body", body, size);
        json_write_bool(&text, "received", http_request_received_us(req) > 0);
        json_write_bool(&text, "principal", http_request_principal(req));
        json_write_object(&text, "query");
        http_request_each_query(req, write_query, &text);
        json_write_object_end(&text);
        json_write_object_end(&text);
        if (echo)
                http_response_header(res, "X-Echo", echo);
        http_response_json(res, 200, text.data, text.size);
}

static void echo_body(void *app, const HttpRequest *req, HttpResponse *res)
{
        size_t size;
        const char *body = http_request_body(req, &size);

        http_response_json(res, 200, body, size);
}

static void wait_for_release(void *app, const HttpRequest *req, HttpResponse *res)
{
        HttpFixture *fixture = app;

        (void)pthread_mutex_lock(&fixture->lock);
        fixture->n_waiting++;
        (void)pthread_cond_broadcast(&fixture->changed);
        while (!fixture->is_released)
                (void)pthread_cond_wait(&fixture->changed, &fixture->lock);
        fixture->n_waiting--;
        (void)pthread_mutex_unlock(&fixture->lock);
        http_response_text(res, 200, "text/plain", "released");
}

static void answer_nothing(void *app, const HttpRequest *req, HttpResponse *res)
{
}

static void answer_large(void *app, const HttpRequest *req, HttpResponse *res)
{
        const size_t size = 16U << 20;
        char *text = calloc(1, size);

        ck_assert_ptr_nonnull(text);
        memset(text, 'x', size);
        http_response_json(res, 200, text, size);
        free(text);
}

/* Answer the body piece by piece as it comes; what ends it early is said in brackets. */
static void echo_stream(void *app, const HttpRequest *req, HttpResponse *res)
{
        HttpStream *stream = http_request_stream(req);
        HttpFixture *fixture = app;
        int64_t timeout_us = fixture->stream_timeout_ms * US_PER_MS;
        Error err = ERROR_INIT;
        ErrorCode code = ERROR_NONE;
        int status = 0;
        size_t n;

        if (http_request_query(req, "refuse")) {
                (void)error_set(&err, ERROR_UNAVAILABLE, "not now");
                http_response_problem(res, &err);
                return;
        }
        http_response_header(res, "X-Stream", "yes");
        http_stream_start(stream, res, 200, "text/plain");
        do {
                char bytes[64];

                code = http_stream_read(stream, bytes, sizeof bytes, &n,
                                        clock_monotonic_us() + timeout_us, &status, &err);
                if (!code && n &&
                    !http_stream_write(stream, bytes, n, clock_monotonic_us() + timeout_us))
                        break;
        } while (!code && n);
        if (code) {
                char text[320];
                int size = snprintf(text, sizeof text, "[%d %s]",
                                    status ? status : http_status_of(code), err.message);

                (void)http_stream_write(stream, text, (size_t)size,
                                        clock_monotonic_us() + timeout_us);
        }
}

/* The error whose code is in the path, as handlers answer it. */
static void answer_problem(void *app, const HttpRequest *req, HttpResponse *res)
{
        ErrorCode code = (ErrorCode)strtol(http_request_param(req, "code"), NULL, 10);
        const char *status = http_request_query(req, "status");
        Error err;

        (void)error_set_field(&err, code, "payload.name", "it is \"%s\"", error_code_name(code));
        if (status)
                http_response_problem_with(res, &err, (int)strtol(status, NULL, 10),
                                           "\"currentVersion\":3");
        else
                http_response_problem(res, &err);
}

static const HttpRoute routes[] = {
        { "GET", "/describe/:id", describe, true },
        { "PUT", "/describe/:id", describe, true },
        { "POST", "/describe/:id", describe, true },
        { "GET", "/describe/fixed", echo_body, true },
        { "POST", "/echo", echo_body, true },
        { "POST", "/stream", echo_stream, true },
        { "POST", "/private/stream", echo_stream, false },
        { "GET", "/wait", wait_for_release, true },
        { "GET", "/nothing", answer_nothing, true },
        { "GET", "/large", answer_large, true },
        { "GET", "/problem/:code", answer_problem, true },
        { "GET", "/private", describe, false },
        { "GET", "/staff", describe, false, "Staff" },
        { NULL, NULL, NULL, false },
};

static void answer_own(void *own, const HttpRequest *req, HttpResponse *res)
{
        HttpFixture *fixture = own;

        http_response_text(res, fixture->server ? 200 : 500, "text/plain", "own");
}

static const HttpRoute own_routes[] = {
        { "GET", "/own", answer_own, true },
        { NULL, NULL, NULL, false },
};

static void note_request(void *own, const HttpRequest *req, const char *route, int status,
                         int64_t duration_us, const Error *problem)
{
        HttpFixture *fixture = own;

        MUTEX_GUARD(&fixture->lock);
        fixture->n_requests++;
        fixture->last_status = problem && problem->code && duration_us >= 0 ? status : -status;
        (void)snprintf(fixture->last_route, sizeof fixture->last_route, "%s", route);
        (void)pthread_cond_broadcast(&fixture->changed);
}

static const char *const streamed_paths[] = { "/stream", "/private/stream", NULL };

HttpOptions http_fixture_options(void)
{
        return (HttpOptions){
                .service = "fixture",
                .listen_address = "127.0.0.1",
                .body_bytes_max = FIXTURE_BODY_BYTES_MAX,
                .connections_max = 100,
                .idle_timeout_s = 30,
                .read_timeout_s = 30,
                .streamed_paths = streamed_paths,
        };
}

void http_fixture_start(HttpFixture *fixture, const HttpOptions *options)
{
        HttpOptions all = *options;
        pthread_condattr_t attr;
        Error err = ERROR_INIT;

        *fixture = (HttpFixture){ .stream_timeout_ms = 30000 };
        (void)pthread_mutex_init(&fixture->lock, NULL);
        (void)pthread_condattr_init(&attr);
        (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&fixture->changed, &attr);
        (void)pthread_condattr_destroy(&attr);
        all.own_routes = own_routes;
        all.own = fixture;
        all.on_request = note_request;
        if (http_server_start(&fixture->server, &all, routes, fixture, &err))
                ck_abort_msg("%s", err.message);
        fixture->port = http_server_port(fixture->server);
        ck_assert_uint_ne(fixture->port, 0);
}

void http_fixture_stop(HttpFixture *fixture)
{
        http_fixture_release(fixture);
        http_server_free(fixture->server);
        (void)pthread_cond_destroy(&fixture->changed);
        (void)pthread_mutex_destroy(&fixture->lock);
}

static bool wait_until(HttpFixture *fixture, const int *count, int n)
{
        int64_t end_us = clock_monotonic_us() + 30 * US_PER_SEC;
        struct timespec end = { .tv_sec = end_us / US_PER_SEC };

        MUTEX_GUARD(&fixture->lock);
        while (*count < n) {
                if (pthread_cond_timedwait(&fixture->changed, &fixture->lock, &end) != 0)
                        return false;
        }
        return true;
}

bool http_fixture_wait_running(HttpFixture *fixture, int n)
{
        return wait_until(fixture, &fixture->n_waiting, n);
}

bool http_fixture_wait_requests(HttpFixture *fixture, int n)
{
        return wait_until(fixture, &fixture->n_requests, n);
}

void http_fixture_release(HttpFixture *fixture)
{
        MUTEX_GUARD(&fixture->lock);
        fixture->is_released = true;
        (void)pthread_cond_broadcast(&fixture->changed);
}
