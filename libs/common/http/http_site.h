#pragma once

/*
 * http_site.h — what all requests of a server have in common, and the way that each of them takes.
 */

#include "common/http/http_connections.h"
#include "common/http/http_exchange.h"

typedef struct HttpSite {
        HttpOptions options;
        HttpRoutes *routes;
        HttpConnections *connections;
} HttpSite;

/**
 * http_site_answer() - check @req, find its route, authenticate, run its handler, tell about it
 * @body_bytes_max:  413 beyond
 *
 * @res has status, headers and body afterwards; or the answer is sent, when it was a stream.
 * "Connection: close" is among the headers when it has to be closed.
 */
void http_site_answer(const HttpSite *site, HttpRequest *req, HttpResponse *res,
                      size_t body_bytes_max);
