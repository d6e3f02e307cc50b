#include "command_app.h"

#include <inttypes.h>
#include <stdio.h>

#include "bulk_handler.h"
#include "command_handler.h"
#include "common/admin/admin_call.h"
#include "common/base/clock.h"
#include "common/domain/domain.h"
#include "record_handler.h"
#include "replay_handler.h"

static void app_free(void *data)
{
        CommandApp *app = data;

        if (!app)
                return;
        for (size_t i = 0; i < app->n_writers; i++)
                writer_free(app->writers[i]);
        free(app->writers);
        snapshot_writer_free(app->snapshots);
        record_keeper_free(app->keeper);
        failure_queue_free(app->failures);
        running_commands_free(app->running);
        relay_free(app->relay);
        replayer_free(app->replayer);
        pg_pool_free(app->pool);
        free(app);
}

static void app_freep(CommandApp **app)
{
        app_free(*app);
}

static ErrorCode app_new(void **ret, const void *data, Error *err)
{
        const CommandConfig *config = data;
        _cleanup_(app_freep) CommandApp *app = calloc(1, sizeof *app);
        ErrorCode code;

        if (!app)
                return error_no_memory(err);
        app->config = config;
        code = domain_check(err);
        if (!code)
                code = pg_pool_new(&app->pool, config->pg_url, "command-svc",
                                   (size_t)config->pg_connections, err);
        if (!code)
                code = relay_new(&app->relay, config, err);
        if (!code)
                code = replayer_new(&app->replayer, config, err);
        if (!code && config->snapshot_events > 0)
                code = snapshot_writer_new(&app->snapshots, config, err);
        if (code)
                return code;
        app->running = running_commands_new();
        app->failures = failure_queue_new((size_t)config->failure_records_max);
        if (!app->running || !app->failures)
                return error_no_memory(err);
        code = record_keeper_new(&app->keeper, config, app->pool, app->failures, err);
        if (code)
                return code;
        app->writers = calloc((size_t)config->writers, sizeof(Writer *));
        if (!app->writers)
                return error_no_memory(err);
        for (; app->n_writers < (size_t)config->writers; app->n_writers++) {
                code = writer_new(&app->writers[app->n_writers], config,
                                  (unsigned)app->n_writers + 1, app->relay, app->snapshots, err);
                if (code)
                        return code;
        }
        *ret = TAKE_PTR(app);
        return ERROR_NONE;
}

static ErrorCode app_start(void *data, Error *err)
{
        CommandApp *app = data;
        ErrorCode code = relay_start(app->relay, err);

        if (!code && app->snapshots)
                code = snapshot_writer_start(app->snapshots, err);
        for (size_t i = 0; !code && i < app->n_writers; i++)
                code = writer_start(app->writers[i], err);
        if (!code)
                code = record_keeper_start(app->keeper, err);
        return code ? code : replayer_start(app->replayer, err);
}

static void app_stop(void *data)
{
        CommandApp *app = data;

        replayer_stop(app->replayer);
        /* The writers first: what they still append goes to the relay. */
        for (size_t i = 0; i < app->n_writers; i++)
                writer_stop(app->writers[i]);
        if (app->snapshots)
                snapshot_writer_stop(app->snapshots);
        record_keeper_stop(app->keeper);
        relay_stop(app->relay,
                   clock_monotonic_us() + app->config->daemon.stop_timeout_s * US_PER_SEC);
}

static bool postgresql_ready(void *data, char *ret_detail, size_t detail_size)
{
        CommandApp *app = data;

        for (size_t i = 0; i < app->n_writers; i++) {
                if (writer_ready(app->writers[i]))
                        continue;
                (void)snprintf(ret_detail, detail_size, "the event store cannot be reached");
                return false;
        }
        return true;
}

/* Commands are accepted while the broker is away, so that is shown, but does not make us unready. */
static bool kafka_ready_or_behind(void *data, char *ret_detail, size_t detail_size)
{
        CommandApp *app = data;

        (void)snprintf(ret_detail, detail_size, "%s; %" PRId64 " events wait to be published",
                       relay_connected(app->relay) ? "connected" : "the broker cannot be reached",
                       relay_backlog(app->relay));
        return true;
}

static const HealthCheck checks[] = {
        { "postgresql", postgresql_ready },
        { "kafka", kafka_ready_or_behind },
        { NULL, NULL },
};

static const HttpRoute routes[] = {
        { "POST", "/v1/commands", handle_bulk, false },
        { "POST", "/v1/commands/:type", handle_command, false },
        { "GET", "/v1/commands/:id", handle_record, false },
        { "POST", "/v1/replays", handle_replay_request, false, ADMIN_GROUP },
        { "GET", "/v1/replays", handle_replays, false, ADMIN_GROUP },
        { "GET", "/v1/replays/:id", handle_replay, false, ADMIN_GROUP },
        { "POST", "/v1/replays/:id/:action", handle_replay_action, false, ADMIN_GROUP },
        { NULL, NULL, NULL, false },
};

static const char *const streamed_paths[] = { "/v1/commands", NULL };

const DaemonType command_daemon = {
        .name = "command-svc",
        .config_items = command_config_items,
        .config_size = sizeof(CommandConfig),
        .routes = routes,
        .streamed_paths = streamed_paths,
        .checks = checks,
        .app_new = app_new,
        .app_start = app_start,
        .app_stop = app_stop,
        .app_free = app_free,
};
