#pragma once

/*
 * http_routes.h — the route tables of a server, compiled for matching. Not changed after it is built.
 */

#include "common/base/buffer.h"
#include "common/http/http_target.h"

typedef struct HttpRoutes HttpRoutes;

/* A route and how to read it. */
typedef struct HttpRouteEntry {
        const HttpRoute *route;
        void *app; /* for its handler */
        size_t n_segments;
        const char *segments[HTTP_PATH_SEGMENTS_MAX]; /* ":name" is a parameter; not terminated … */
        size_t sizes[HTTP_PATH_SEGMENTS_MAX];         /* … by NUL but by size */
} HttpRouteEntry;

/**
 * http_routes_new() - compile @routes (for @app) and @own_routes (for @own, may be NULL)
 *
 * Return: ERROR_NONE; ERROR_INTERNAL naming a route that is malformed or there twice.
 */
_must_check_ ErrorCode http_routes_new(HttpRoutes **ret, const HttpRoute *routes, void *app,
                                       const HttpRoute *own_routes, void *own, Error *err);
void http_routes_free(HttpRoutes *routes);
DEFINE_CLEANUP(HttpRoutes *, http_routes_free)

/**
 * http_routes_find() - the route of a request
 *
 * HEAD finds the route of GET. Return: NULL when no route has this path and method.
 */
const HttpRouteEntry *http_routes_find(const HttpRoutes *routes, const char *method,
                                       const HttpTarget *target);

/* Append the methods that the path has, as for Allow; false, and nothing, when it has none. */
bool http_routes_allow(const HttpRoutes *routes, const HttpTarget *target, Buffer *ret_methods);

/* The value of route parameter @name in @target; NULL when the route has none of that name. */
const char *http_route_param(const HttpRouteEntry *entry, const HttpTarget *target,
                             const char *name);
