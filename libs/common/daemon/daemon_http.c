#include "common/daemon/daemon_http.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/base/json_writer.h"
#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "common/daemon/process_metrics.h"

#define STATUS_MIN 100
#define STATUS_END 600

/* What is counted of one route; the last one of all is for requests without. */
typedef struct RouteMetrics {
        const HttpRoute *route;
        Metric *duration;
        Metric *_Atomic by_status[STATUS_END - STATUS_MIN]; /* registered when first answered */
} RouteMetrics;

struct DaemonHttp {
        const DaemonType *type;
        void *app;
        HttpServer *_Atomic server;
        RouteMetrics *routes;
        size_t n_routes;
};

static void answer_health(void *data, const HttpRequest *req, HttpResponse *res)
{
        static const char text[] = "{\"status\":\"ok\"}";

        http_response_header(res, "Cache-Control", "no-store");
        http_response_json(res, 200, text, sizeof text - 1);
}

static bool write_checks(DaemonHttp *http, Buffer *text)
{
        bool all_ready = true;

        json_write_object(text, "checks");
        for (const HealthCheck *check = http->type->checks; check && check->name; check++) {
                char detail[256] = "";
                bool ready = check->ready(http->app, detail, sizeof detail);

                all_ready = all_ready && ready;
                json_write_object(text, check->name);
                json_write_bool(text, "ready", ready);
                if (*detail)
                        json_write_string(text, "detail", detail);
                json_write_object_end(text);
        }
        json_write_object_end(text);
        return all_ready;
}

static void answer_ready(void *data, const HttpRequest *req, HttpResponse *res)
{
        DaemonHttp *http = data;
        _cleanup_(buffer_deinit) Buffer checks = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        bool is_stopping = !atomic_load(&http->server);
        bool ready;

        json_write_object(&checks, NULL);
        ready = write_checks(http, &checks) && !is_stopping;

        json_write_object(&text, NULL);
        json_write_bool(&text, "ready", ready);
        if (is_stopping)
                json_write_bool(&text, "stopping", true);
        buffer_append_char(&text, ',');
        buffer_append(&text, checks.data + 1, checks.size - 1);
        json_write_object_end(&text);
        http_response_header(res, "Cache-Control", "no-store");
        http_response_json(res, ready ? 200 : 503, text.data, text.size);
}

static void answer_metrics(void *data, const HttpRequest *req, HttpResponse *res)
{
        DaemonHttp *http = data;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        HttpServer *server = atomic_load(&http->server);

        metrics_write(&text);
        buffer_printf(&text,
                      "# HELP skafu_http_connections Open HTTP connections.\n"
                      "# TYPE skafu_http_connections gauge\nskafu_http_connections %zu\n",
                      server ? http_server_connections(server) : 0);
        process_metrics_write(&text, http->type->name);
        if (http->type->app_metrics)
                http->type->app_metrics(http->app, &text);
        http_response_header(res, "Cache-Control", "no-store");
        http_response_text(res, 200, "text/plain; version=0.0.4; charset=utf-8",
                           buffer_text(&text));
}

static const HttpRoute own_routes[] = {
        { "GET", "/healthz", answer_health, true },
        { "GET", "/readyz", answer_ready, true },
        { "GET", "/metrics", answer_metrics, true },
        { NULL, NULL, NULL, false },
};

static RouteMetrics *route_metrics(DaemonHttp *http, const char *method, const char *pattern)
{
        size_t i = 0;

        if (strcmp(method, "HEAD") == 0)
                method = "GET";
        while (i + 1 < http->n_routes && (http->routes[i].route->pattern != pattern ||
                                          strcmp(http->routes[i].route->method, method) != 0))
                i++;
        return &http->routes[i];
}

static void write_labels(Buffer *labels, const HttpRoute *route, int status)
{
        if (route)
                buffer_printf(labels, "method=\"%s\",route=\"%s\"", route->method, route->pattern);
        else
                buffer_append_string(labels, "method=\"\",route=\"\"");
        if (status)
                buffer_printf(labels, ",status=\"%d\"", status);
}

static Metric *status_metric(RouteMetrics *metrics, int status)
{
        Metric *_Atomic *place = &metrics->by_status[status - STATUS_MIN];
        Metric *metric = atomic_load_explicit(place, memory_order_acquire);

        if (!metric) { /* two threads here get the same metric */
                _cleanup_(buffer_deinit) Buffer labels = BUFFER_INIT;

                write_labels(&labels, metrics->route, status);
                metric = metric_counter("skafu_http_requests_total", labels.data,
                                        "HTTP requests answered.");
                atomic_store_explicit(place, metric, memory_order_release);
        }
        return metric;
}

static void note_request(void *data, const HttpRequest *req, const char *route, int status,
                         int64_t duration_us, const Error *problem)
{
        RouteMetrics *metrics = route_metrics(data, http_request_method(req), route);

        metric_observe_us(metrics->duration, duration_us);
        if (status >= STATUS_MIN && status < STATUS_END)
                metric_add(status_metric(metrics, status), 1);
        if (problem && status == 500)
                log_write(LOG_LEVEL_ERROR, "request-failed",
                          http_request_header(req, "X-Correlation-Id"), "%s %s: %s",
                          http_request_method(req), http_request_path(req), problem->message);
        else
                log_write(LOG_LEVEL_DEBUG, "request", http_request_header(req, "X-Correlation-Id"),
                          "%s %s: %d after %" PRId64 " us%s%s", http_request_method(req),
                          http_request_path(req), status, duration_us, problem ? ": " : "",
                          problem ? problem->message : "");
}

static void note_message(void *data, const char *text)
{
        log_debug("http", "%s", text);
}

static void add_routes(DaemonHttp *http, const HttpRoute *routes)
{
        for (; routes && routes->method; routes++)
                http->routes[http->n_routes++].route = routes;
}

static size_t count_routes(const HttpRoute *routes)
{
        size_t n = 0;

        while (routes && routes[n].method)
                n++;
        return n;
}

ErrorCode daemon_http_new(DaemonHttp **ret, const DaemonType *type, void *app, Error *err)
{
        _cleanup_(daemon_http_freep) DaemonHttp *http = calloc(1, sizeof *http);
        size_t n = count_routes(type->routes) + count_routes(own_routes) + 1;

        if (!http)
                return error_no_memory(err);
        http->type = type;
        http->app = app;
        http->routes = calloc(n, sizeof *http->routes);
        if (!http->routes)
                return error_no_memory(err);
        add_routes(http, type->routes);
        add_routes(http, own_routes);
        http->n_routes++;
        for (size_t i = 0; i < n; i++) {
                _cleanup_(buffer_deinit) Buffer labels = BUFFER_INIT;

                write_labels(&labels, http->routes[i].route, 0);
                http->routes[i].duration =
                        metric_histogram("skafu_http_request_seconds", labels.data,
                                         "Time from a whole HTTP request to its answer, seconds.");
        }
        *ret = TAKE_PTR(http);
        return ERROR_NONE;
}

void daemon_http_free(DaemonHttp *http)
{
        if (!http)
                return;
        free(http->routes);
        free(http);
}

void daemon_http_fill(DaemonHttp *http, HttpOptions *options)
{
        options->own_routes = own_routes;
        options->own = http;
        options->on_request = note_request;
        options->on_message = note_message;
}

void daemon_http_set_server(DaemonHttp *http, HttpServer *server)
{
        atomic_store(&http->server, server);
}
