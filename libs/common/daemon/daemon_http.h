#pragma once

/*
 * daemon_http.h — what a service answers about itself: health, readiness, metrics; and what it notes
 * of each request.
 */

#include "common/daemon/daemon.h"

typedef struct DaemonHttp DaemonHttp;

/* @app: handed to the checks and to app_metrics */
_must_check_ ErrorCode daemon_http_new(DaemonHttp **ret, const DaemonType *type, void *app,
                                       Error *err);
void daemon_http_free(DaemonHttp *http);
DEFINE_CLEANUP(DaemonHttp *, daemon_http_free)

/* Put routes and callbacks into @options. */
void daemon_http_fill(DaemonHttp *http, HttpOptions *options);

/* The server whose connections are counted; NULL when it is gone or going. */
void daemon_http_set_server(DaemonHttp *http, HttpServer *server);
