#include "common/http/http_site.h"

#include <string.h>

#include "common/base/clock.h"

static void refuse(HttpResponse *res, ErrorCode code, int status, const char *message)
{
        Error err;

        (void)error_set(&err, code, "%s", message);
        http_response_problem_with(res, &err, status, NULL);
}

/* No route has this path and method. */
static void answer_unrouted(const HttpSite *site, const HttpRequest *req, HttpResponse *res)
{
        _cleanup_(buffer_deinit) Buffer methods = BUFFER_INIT;
        const char *method = http_request_method(req);

        if (strcmp(method, "OPTIONS") == 0 && strcmp(http_request_path(req), "*") == 0) {
                http_response_empty(res, 204);
        } else if (!http_routes_allow(site->routes, &req->target, &methods)) {
                refuse(res, ERROR_NOT_FOUND, 0, "there is nothing at this path");
        } else {
                http_response_header(res, "Allow", methods.data);
                if (strcmp(method, "OPTIONS") == 0)
                        http_response_empty(res, 204);
                else
                        refuse(res, ERROR_NOT_FOUND, 405, "this path has other methods, see Allow");
        }
}

static void answer(const HttpSite *site, HttpRequest *req, HttpResponse *res, size_t body_bytes_max,
                   bool *ret_close)
{
        Error err = ERROR_INIT;
        int status = 0;
        ErrorCode code = http_request_check(req, body_bytes_max, &status, ret_close, &err);

        if (!code)
                code = http_target_parse(&req->target, req->ulfius->http_url, &err);
        if (code) {
                http_response_problem_with(res, &err, status, NULL);
                return;
        }
        req->entry = http_routes_find(site->routes, http_request_method(req), &req->target);
        if (!req->entry) {
                answer_unrouted(site, req, res);
                return;
        }
        if (!req->entry->route->public &&
            (http_authenticate(req, res, site->options.verifier, &err) ||
             http_authorize(req, &err))) {
                http_response_problem(res, &err);
                return;
        }
        req->entry->route->handler(req->entry->app, req, res);
        if (!res->is_filled)
                refuse(res, ERROR_INTERNAL, 0, "the handler gave no answer");
}

void http_site_answer(const HttpSite *site, HttpRequest *req, HttpResponse *res,
                      size_t body_bytes_max)
{
        int64_t started_us = clock_monotonic_us();
        bool close_after = false;

        answer(site, req, res, body_bytes_max, &close_after);
        if (close_after || http_connections_draining(site->connections))
                http_response_header(res, "Connection", "close");
        http_stream_finish(req->stream, res,
                           clock_monotonic_us() + site->options.idle_timeout_s * US_PER_SEC);
        if (site->options.on_request)
                site->options.on_request(site->options.own, req,
                                         req->entry ? req->entry->route->pattern : "",
                                         (int)res->ulfius->status,
                                         clock_monotonic_us() - started_us,
                                         res->problem.code ? &res->problem : NULL);
}
