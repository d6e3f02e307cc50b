#include "projector_app.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin_routes.h"
#include "common/daemon/log.h"
#include "common/domain/domain.h"
#include "common/domain/event_projection.h"

static void app_free(void *data)
{
        ProjectorApp *app = data;

        if (!app)
                return;
        for (size_t i = 0; i < app->n_workers; i++)
                view_worker_free(app->workers[i]);
        free(app->workers);
        pg_pool_free(app->pool);
        schema_free(app->schema);
        free(app);
}

static void app_freep(ProjectorApp **app)
{
        app_free(*app);
}

static bool is_fed(const Model *model)
{
        for (size_t i = 0; domain_aggregates[i]; i++)
                if (aggregate_feeds(domain_aggregates[i], model->name))
                        return true;
        return false;
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
        if (code)
                return code;
        app->workers = calloc(app->schema->n_models + 1, sizeof(ViewWorker *));
        if (!app->workers)
                return error_no_memory(err);
        for (size_t i = 0; i < app->schema->n_models; i++) {
                const Model *model = app->schema->models[i];

                if (!is_fed(model)) {
                        log_warning("model-unfed", "no projection makes rows of model %s",
                                    model->name);
                        continue;
                }
                code = view_worker_new(&app->workers[app->n_workers], config, app->schema, model,
                                       err);
                if (code)
                        return code;
                app->n_workers++;
        }
        *ret = TAKE_PTR(app);
        return ERROR_NONE;
}

static void app_stop(void *data)
{
        ProjectorApp *app = data;

        for (size_t i = 0; i < app->n_workers; i++)
                view_worker_stop(app->workers[i]);
}

static ErrorCode app_start(void *data, Error *err)
{
        ProjectorApp *app = data;
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && i < app->n_workers; i++)
                code = view_worker_start(app->workers[i], err);
        if (code)
                app_stop(app);
        return code;
}

static bool postgresql_ready(void *data, char *ret_detail, size_t detail_size)
{
        ProjectorApp *app = data;

        for (size_t i = 0; i < app->n_workers; i++) {
                ViewWorkerHealth health = view_worker_health(app->workers[i]);

                if (health.postgresql)
                        continue;
                (void)snprintf(ret_detail, detail_size, "view %s has no session", health.view);
                return false;
        }
        return true;
}

static bool kafka_ready_for_all(void *data, char *ret_detail, size_t detail_size)
{
        ProjectorApp *app = data;

        for (size_t i = 0; i < app->n_workers; i++) {
                if (view_worker_health(app->workers[i]).kafka)
                        continue;
                (void)snprintf(ret_detail, detail_size, "the broker cannot be reached");
                return false;
        }
        return true;
}

static bool views_ready(void *data, char *ret_detail, size_t detail_size)
{
        ProjectorApp *app = data;

        for (size_t i = 0; i < app->n_workers; i++) {
                ViewWorkerHealth health = view_worker_health(app->workers[i]);

                if (health.held) {
                        (void)snprintf(ret_detail, detail_size,
                                       "view %s: an event cannot be applied, see the log",
                                       health.view);
                        return false;
                }
                if (health.parked)
                        (void)snprintf(ret_detail, detail_size,
                                       "degraded: view %s holds back %" PRId64 " parked aggregates",
                                       health.view, health.parked);
        }
        return true;
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
