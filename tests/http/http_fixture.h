#pragma once

/*
 * http_fixture.h — a server for tests: on a free port, with routes that echo, wait and misbehave.
 */

#include "common/http/http.h"
#include "tests/support/http_client.h"

#define FIXTURE_BODY_BYTES_MAX 4096

typedef struct HttpFixture {
        HttpServer *server;
        uint16_t port;

        pthread_mutex_t lock;
        pthread_cond_t changed;
        int n_waiting;    /* handlers of /wait that run now */
        bool is_released; /* they may go on */

        int64_t stream_timeout_ms; /* for each piece, both ways; may be changed after the start */

        int n_requests; /* as on_request told */
        char last_route[64];
        int last_status;
} HttpFixture;

/* Options that tests may change before http_fixture_start(). */
HttpOptions http_fixture_options(void);
void http_fixture_start(HttpFixture *fixture, const HttpOptions *options);
void http_fixture_stop(HttpFixture *fixture); /* releases waiting handlers first */

/* Until @n handlers of GET /wait run; false when that takes too long. */
bool http_fixture_wait_running(HttpFixture *fixture, int n);
void http_fixture_release(HttpFixture *fixture);

/* Until on_request was called @n times. */
bool http_fixture_wait_requests(HttpFixture *fixture, int n);
