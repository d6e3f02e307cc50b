#include "query_app.h"

#include <stdio.h>

#include "common/base/clock.h"
#include "history_handler.h"
#include "read_handler.h"

#define READY_TIMEOUT_US (1 * US_PER_SEC)

static void app_free(void *data)
{
        QueryApp *app = data;

        if (!app)
                return;
        pg_pool_free(app->pool);
        schema_free(app->schema);
        free(app);
}

static void app_freep(QueryApp **app)
{
        app_free(*app);
}

static ErrorCode app_new(void **ret, const void *data, Error *err)
{
        const QueryConfig *config = data;
        _cleanup_(app_freep) QueryApp *app = calloc(1, sizeof *app);
        ErrorCode code;

        if (!app)
                return error_no_memory(err);
        app->config = config;
        if (config->page_limit_default > config->page_limit_max)
                return error_set(err, ERROR_INVALID,
                                 "page_limit_default must not be over page_limit_max");
        code = schema_load(&app->schema, config->schema_file, err);
        if (!code)
                code = pg_pool_new(&app->pool, config->pg_url, "query-svc",
                                   (size_t)config->pg_connections, err);
        if (code)
                return code;
        *ret = TAKE_PTR(app);
        return ERROR_NONE;
}

static ErrorCode app_start(void *data, Error *err)
{
        return ERROR_NONE; /* connections are made when they are needed */
}

static void app_stop(void *data)
{
}

static bool postgresql_ready(void *data, char *ret_detail, size_t detail_size)
{
        QueryApp *app = data;
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        int64_t deadline_us = clock_monotonic_us() + READY_TIMEOUT_US;
        Error err = ERROR_INIT;
        ErrorCode code = pg_pool_lease(app->pool, &lease, deadline_us, &err);

        if (!code)
                code = pg_exec(pg_lease_conn(lease), "SELECT 1", NULL, NULL, deadline_us,
                               "ask PostgreSQL", &err);
        if (code)
                (void)snprintf(ret_detail, detail_size, "%s", err.message);
        return !code;
}

static const HealthCheck checks[] = {
        { "postgresql", postgresql_ready },
        { NULL, NULL },
};

static const HttpRoute routes[] = {
        { "GET", "/v1/:model", handle_read, false },
        { "GET", "/v1/:model/:id", handle_read, false },
        { "GET", "/v1/history/:type/:id", handle_history, false },
        { NULL, NULL, NULL, false },
};

const DaemonType query_daemon = {
        .name = "query-svc",
        .config_items = query_config_items,
        .config_size = sizeof(QueryConfig),
        .routes = routes,
        .checks = checks,
        .app_new = app_new,
        .app_start = app_start,
        .app_stop = app_stop,
        .app_free = app_free,
};
