#include "common/http/http_routes.h"

#include <string.h>

struct HttpRoutes {
        size_t n;
        HttpRouteEntry entries[]; /* literal segments before parameters, so the first match is it */
};

static bool is_param(const HttpRouteEntry *entry, size_t i)
{
        return entry->sizes[i] && entry->segments[i][0] == ':';
}

static size_t count_routes(const HttpRoute *routes)
{
        size_t n = 0;

        while (routes && routes[n].method)
                n++;
        return n;
}

static ErrorCode compile(HttpRouteEntry *entry, const HttpRoute *route, void *app, Error *err)
{
        const char *p = route->pattern;

        *entry = (HttpRouteEntry){ .route = route, .app = app };
        if (!p || *p != '/' || !route->handler)
                return error_set(err, ERROR_INTERNAL, "route %s \"%s\" has no path or no handler",
                                 route->method, p ? p : "");
        do {
                if (entry->n_segments == HTTP_PATH_SEGMENTS_MAX)
                        return error_set(err, ERROR_INTERNAL, "route \"%s\" has over %d segments",
                                         route->pattern, HTTP_PATH_SEGMENTS_MAX);
                p++;
                entry->segments[entry->n_segments] = p;
                entry->sizes[entry->n_segments++] = strcspn(p, "/");
                p += strcspn(p, "/");
        } while (*p);
        return ERROR_NONE;
}

/* Order of matching; 0 when both match the same paths with the same method. */
static int compare_entries(const void *a, const void *b)
{
        const HttpRouteEntry *x = a, *y = b;

        if (x->n_segments != y->n_segments)
                return x->n_segments < y->n_segments ? -1 : 1;
        for (size_t i = 0; i < x->n_segments; i++) {
                size_t size = x->sizes[i] < y->sizes[i] ? x->sizes[i] : y->sizes[i];
                int order;

                if (is_param(x, i) != is_param(y, i))
                        return is_param(x, i) ? 1 : -1;
                if (is_param(x, i))
                        continue;
                order = memcmp(x->segments[i], y->segments[i], size);
                if (order)
                        return order;
                if (x->sizes[i] != y->sizes[i])
                        return x->sizes[i] < y->sizes[i] ? -1 : 1;
        }
        return strcmp(x->route->method, y->route->method);
}

ErrorCode http_routes_new(HttpRoutes **ret, const HttpRoute *routes, void *app,
                          const HttpRoute *own_routes, void *own, Error *err)
{
        size_t n_app = count_routes(routes), n = n_app + count_routes(own_routes);
        _cleanup_(http_routes_freep) HttpRoutes *all =
                calloc(1, sizeof *all + (n + 1) * sizeof all->entries[0]);
        ErrorCode code = ERROR_NONE;

        if (!all)
                return error_no_memory(err);
        for (; !code && all->n < n; all->n++) {
                bool is_own = all->n >= n_app;

                code = compile(&all->entries[all->n],
                               is_own ? &own_routes[all->n - n_app] : &routes[all->n],
                               is_own ? own : app, err);
        }
        if (code)
                return code;
        qsort(all->entries, n, sizeof all->entries[0], compare_entries);
        for (size_t i = 1; i < n; i++) {
                if (compare_entries(&all->entries[i - 1], &all->entries[i]) == 0)
                        return error_set(err, ERROR_INTERNAL, "route %s \"%s\" is there twice",
                                         all->entries[i].route->method,
                                         all->entries[i].route->pattern);
        }
        *ret = TAKE_PTR(all);
        return ERROR_NONE;
}

void http_routes_free(HttpRoutes *routes)
{
        free(routes);
}

static bool path_matches(const HttpRouteEntry *entry, const HttpTarget *target)
{
        if (entry->n_segments != target->n_segments)
                return false;
        for (size_t i = 0; i < entry->n_segments; i++) {
                const char *segment = target->segments[i];

                if (is_param(entry, i)
                            ? !*segment
                            : strncmp(segment, entry->segments[i], entry->sizes[i]) != 0 ||
                                      segment[entry->sizes[i]])
                        return false;
        }
        return true;
}

const HttpRouteEntry *http_routes_find(const HttpRoutes *routes, const char *method,
                                       const HttpTarget *target)
{
        if (strcmp(method, "HEAD") == 0)
                method = "GET";
        for (size_t i = 0; i < routes->n; i++) {
                if (strcmp(routes->entries[i].route->method, method) == 0 &&
                    path_matches(&routes->entries[i], target))
                        return &routes->entries[i];
        }
        return NULL;
}

bool http_routes_allow(const HttpRoutes *routes, const HttpTarget *target, Buffer *ret_methods)
{
        bool found = false;

        for (size_t i = 0; i < routes->n; i++) {
                const char *method = routes->entries[i].route->method;

                if (!path_matches(&routes->entries[i], target) ||
                    (found && strstr(ret_methods->data, method)))
                        continue;
                buffer_printf(ret_methods, "%s%s%s", found ? ", " : "", method,
                              strcmp(method, "GET") == 0 ? ", HEAD" : "");
                found = true;
        }
        if (found)
                buffer_append_string(ret_methods, ", OPTIONS");
        return found;
}

const char *http_route_param(const HttpRouteEntry *entry, const HttpTarget *target,
                             const char *name)
{
        for (size_t i = 0; entry && i < entry->n_segments; i++) {
                if (is_param(entry, i) && strlen(name) + 1 == entry->sizes[i] &&
                    strncmp(name, entry->segments[i] + 1, entry->sizes[i] - 1) == 0)
                        return target->segments[i];
        }
        return NULL;
}
