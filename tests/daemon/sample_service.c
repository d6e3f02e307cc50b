/*
 * sample_service.c — the smallest service: what test_daemon.c starts, asks, signals and breaks.
 */

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/daemon/daemon.h"
#include "common/daemon/log.h"
#include "common/daemon/metrics.h"

typedef struct SampleConfig {
        DaemonConfig daemon;
        bool is_unready;
        bool fails_to_start;
        int64_t answer_after_ms;
} SampleConfig;

static const ConfigItem items[] = {
        DAEMON_CONFIG_ROWS("0"),
        CONFIG_ROW_BOOL(SampleConfig, is_unready, "false", "answer 503 to /readyz"),
        CONFIG_ROW_BOOL(SampleConfig, fails_to_start, "false", "return an error from app_start"),
        CONFIG_ROW_INT(SampleConfig, answer_after_ms, "0", 0, 60000, "how long GET /slow takes"),
        CONFIG_END,
};

typedef struct SampleApp {
        const SampleConfig *config;
        bool is_started;
} SampleApp;

static ErrorCode app_new(void **ret, const void *config, Error *err)
{
        SampleApp *app = calloc(1, sizeof *app);

        if (!app)
                return error_no_memory(err);
        app->config = config;
        *ret = app;
        return ERROR_NONE;
}

static ErrorCode app_start(void *data, Error *err)
{
        SampleApp *app = data;

        app->is_started = true;
        metric_add(metric_counter("skafu_sample_starts_total", NULL, "Starts."), 1);
        return app->config->fails_to_start
                       ? error_set(err, ERROR_UNAVAILABLE, "the sample was told to fail")
                       : ERROR_NONE;
}

static void app_stop(void *data)
{
        SampleApp *app = data;

        log_info("sample-stopped", "%s", app->is_started ? "after a start" : "without a start");
}

static bool is_ready(void *data, char *ret_detail, size_t detail_size)
{
        SampleApp *app = data;

        (void)snprintf(ret_detail, detail_size, "a detail");
        return !app->config->is_unready;
}

static const HealthCheck checks[] = {
        { "sample", is_ready },
        { NULL, NULL },
};

static void write_metrics(void *data, Buffer *buffer)
{
        buffer_append_string(buffer, "skafu_sample_own 1\n");
}

static void answer_slowly(void *data, const HttpRequest *req, HttpResponse *res)
{
        SampleApp *app = data;

        log_info("slow-begun", "%s", http_request_path(req));
        clock_wait_us(app->config->answer_after_ms * US_PER_MS);
        http_response_text(res, 200, "text/plain", "slow");
}

static void fail(void *data, const HttpRequest *req, HttpResponse *res)
{
        daemon_fail("%s broke", "a thread");
        http_response_empty(res, 204);
}

static void answer_problem(void *data, const HttpRequest *req, HttpResponse *res)
{
        Error err;

        (void)error_set(&err, ERROR_INTERNAL, "only the log may know");
        http_response_problem(res, &err);
}

static const HttpRoute routes[] = {
        { "GET", "/slow", answer_slowly, true },
        { "POST", "/fail", fail, true },
        { "GET", "/problem", answer_problem, true },
        { "GET", "/private", answer_problem, false },
        { NULL, NULL, NULL, false },
};

static const DaemonType sample_daemon = {
        .name = "sample-svc",
        .config_items = items,
        .config_size = sizeof(SampleConfig),
        .routes = routes,
        .checks = checks,
        .app_new = app_new,
        .app_start = app_start,
        .app_stop = app_stop,
        .app_free = free,
        .app_metrics = write_metrics,
};

int main(int argc, char **argv)
{
        return daemon_main(&sample_daemon, argc, argv);
}
