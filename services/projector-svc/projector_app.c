#include "projector_app.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin_routes.h"
#include "common/domain/domain.h"

static void app_free(void *data)
{
        ProjectorApp *app = data;

        if (!app)
                return;
        view_keeper_free(app->keeper);
        pg_pool_free(app->pool);
        schema_free(app->schema);
        free(app);
}

static void app_freep(ProjectorApp **app)
{
        app_free(*app);
}

static ErrorCode app_new(void **ret, const void *data, Error *err)
{
        const ProjectorConfig *config = data;
        _cleanup_(app_freep) ProjectorApp *app = calloc(1, sizeof *app);
        ErrorCode code;

        if (!app)
                return error_no_memory(err);
        app->config = config;
        code = domain_check(err);
        if (!code)
                code = schema_load(&app->schema, config->schema_file, err);
        if (!code)
                code = pg_pool_new(&app->pool, config->pg_url, "projector-svc admin",
                                   (size_t)config->admin_connections, err);
        if (!code)
                code = view_keeper_new(&app->keeper, config, app->schema, err);
        if (code)
                return code;
        *ret = TAKE_PTR(app);
        return ERROR_NONE;
}

static void app_stop(void *data)
{
        view_keeper_stop(((ProjectorApp *)data)->keeper);
}

static ErrorCode app_start(void *data, Error *err)
{
        return view_keeper_start(((ProjectorApp *)data)->keeper, err);
}

static ViewWorkersHealth health_of(void *data)
{
        return view_keeper_health(((ProjectorApp *)data)->keeper);
}

static bool postgresql_ready(void *data, char *ret_detail, size_t detail_size)
{
        ViewWorkersHealth health = health_of(data);

        if (!health.postgresql)
                (void)snprintf(ret_detail, detail_size, "%s", health.postgresql_detail);
        return health.postgresql;
}

static bool kafka_ready_for_all(void *data, char *ret_detail, size_t detail_size)
{
        bool ready = health_of(data).kafka;

        if (!ready)
                (void)snprintf(ret_detail, detail_size, "the broker cannot be reached");
        return ready;
}

static bool views_ready(void *data, char *ret_detail, size_t detail_size)
{
        ViewWorkersHealth health = health_of(data);

        if (*health.views_detail)
                (void)snprintf(ret_detail, detail_size, "%s", health.views_detail);
        return health.views;
}

static const HealthCheck checks[] = {
        { "postgresql", postgresql_ready },
        { "kafka", kafka_ready_for_all },
        { "views", views_ready },
        { NULL, NULL },
};

const DaemonType projector_daemon = {
        .name = "projector-svc",
        .config_items = projector_config_items,
        .config_size = sizeof(ProjectorConfig),
        .routes = admin_routes,
        .checks = checks,
        .app_new = app_new,
        .app_start = app_start,
        .app_stop = app_stop,
        .app_free = app_free,
};
