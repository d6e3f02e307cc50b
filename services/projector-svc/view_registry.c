#include "view_registry.h"

#include <stdio.h>
#include <string.h>

#include "change_sql.h"
#include "common/daemon/log.h"
#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "common/model/model_ddl.h"
#include "common/model/sql_text.h"
#include "common/pg/pg_params.h"
#include "rebuild_act.sql.h"
#include "rebuild_begin.sql.h"
#include "rebuild_phase.sql.h"
#include "registry_transaction.h"
#include "repair_cancel.sql.h"
#include "repair_sql.h"
#include "schema_change.h"
#include "version_set_state.sql.h"
#include "view_create_schema.sql.h"
#include "view_list_live.sql.h"
#include "view_register.sql.h"
#include "view_sql.h"

bool view_registry_is_fed(const Model *model)
{
        for (size_t i = 0; domain_aggregates[i]; i++)
                if (aggregate_feeds(domain_aggregates[i], model->name))
                        return true;
        return false;
}

static ErrorCode create_tables(Registry *registry, const View *view, bool live, Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        ErrorCode code;

        pg_params_clear(registry->params);
        pg_params_text(registry->params, view->model->view);
        pg_params_int32(registry->params, view->version);
        code = pg_exec(registry->conn, sql_view_create_schema, registry->params, NULL,
                       registry->deadline_us, "create a view's schema", err);
        if (code)
                return code;
        model_table_ddl(&sql, view->model, view->schema_name);
        if (live) { /* a version that is built gets them when its rows are there: rebuild_finish.c */
                model_index_ddl(&sql, view->schema, view->model, view->schema_name);
                repair_sql_index(&sql, view);
        }
        view_sql_checkpoint_table(&sql, view);
        change_sql_images_view(&sql, view);
        if (live)
                view_sql_read_view(&sql, view, NULL);
        return registry_run(registry, sql.data, "create a view's tables", err);
}

static ErrorCode insert_version(Registry *registry, const View *view, bool live, Error *err)
{
        char fingerprint[MODEL_FINGERPRINT_SIZE];

        model_fingerprint(view->schema, view->model, fingerprint);
        pg_params_clear(registry->params);
        pg_params_text(registry->params, view->model->view);
        pg_params_int32(registry->params, view->version);
        pg_params_text(registry->params, view->schema_name);
        pg_params_text(registry->params, fingerprint);
        pg_params_text(registry->params, view->schema->source);
        pg_params_text(registry->params, live ? "live" : "building");
        return pg_exec(registry->conn, sql_view_register, registry->params, NULL,
                       registry->deadline_us, "register a view", err);
}

static ErrorCode insert_rebuild(Registry *registry, const char *view, int version,
                                const RebuildOptions *options, Error *err)
{
        pg_params_clear(registry->params);
        pg_params_text(registry->params, view);
        pg_params_int32(registry->params, version);
        pg_params_text(registry->params, options->reason);
        pg_params_text(registry->params, options->by);
        pg_params_text(registry->params, options->source);
        pg_params_int64(registry->params, options->rate);
        pg_params_bool(registry->params, options->switches_by_itself);
        pg_params_bool(registry->params, options->ignore_differences);
        return pg_exec(registry->conn, sql_rebuild_begin, registry->params, NULL,
                       registry->deadline_us, "note what is asked for", err);
}

static ErrorCode set_state(Registry *registry, const char *view, int version, VersionState state,
                           Error *err)
{
        pg_params_clear(registry->params);
        pg_params_text(registry->params, view);
        pg_params_int32(registry->params, version);
        pg_params_text(registry->params, version_state_name(state));
        return pg_exec(registry->conn, sql_version_set_state, registry->params, NULL,
                       registry->deadline_us, "change a version", err);
}

ErrorCode view_registry_show_checkpoints(PGconn *conn, int64_t deadline_us, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        ErrorCode code;

        code = pg_exec(conn, sql_view_list_live, NULL, &res, deadline_us, "list the views", err);
        if (code)
                return code;
        buffer_append_string(&sql, "CREATE OR REPLACE VIEW read.checkpoint AS ");
        if (PQntuples(res) == 0)
                buffer_append_string(&sql, "SELECT NULL::text COLLATE \"C\" AS view, NULL::text "
                                           "COLLATE \"C\" AS aggregate_type, NULL::int4 AS "
                                           "partition, NULL::int8 AS position WHERE false");
        for (int i = 0; i < PQntuples(res); i++) {
                buffer_append_string(&sql, i ? " UNION ALL SELECT " : "SELECT ");
                sql_quote_literal(&sql, PQgetvalue(res, i, 0));
                buffer_append_string(&sql,
                                     "::text COLLATE \"C\" AS view, aggregate_type, partition, "
                                     "position FROM ");
                sql_quote_name(&sql, PQgetvalue(res, i, 1));
                buffer_append_string(&sql, ".checkpoint");
        }
        return pg_exec(conn, sql.data, NULL, NULL, deadline_us, "show the checkpoints", err);
}

/* A new version: live at once when @options is NULL. */
static ErrorCode add_version(Registry *registry, const Schema *schema, const Model *model,
                             const RebuildOptions *options, int *ret_version, Error *err)
{
        _cleanup_(view_freep) View *view = NULL;
        ErrorCode code = view_new(&view, schema, model, err);

        if (code)
                return code;
        view_set_version(view, version_list_newest(&registry->list, model->view) + 1);
        code = create_tables(registry, view, !options, err);
        if (!code)
                code = insert_version(registry, view, !options, err);
        if (!code && options)
                code = insert_rebuild(registry, model->view, view->version, options, err);
        if (!code && !options)
                code = view_registry_show_checkpoints(registry->conn, registry->deadline_us, err);
        *ret_version = view->version;
        return code;
}

static ErrorCode drop_tables(Registry *registry, const ViewVersion *version, Error *err)
{
        ErrorCode code = registry_drop_tables(registry, version->schema_name, err);

        /* again: whoever owned the checkpoints may have parked something before they were gone */
        return code ? code
                    : set_state(registry, version->view, version->version, VERSION_DROPPED, err);
}

static ErrorCode act(Registry *registry, const char *view, const char *action, const char *by,
                     bool *ret_switches_back, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        pg_params_clear(registry->params);
        pg_params_text(registry->params, view);
        pg_params_text(registry->params, action);
        pg_params_text(registry->params, by);
        code = pg_exec(registry->conn, sql_rebuild_act, registry->params, &res,
                       registry->deadline_us, "note what is asked for", err);
        if (!code && PQntuples(res) == 0)
                code = error_set(err, ERROR_NOT_FOUND, "no rebuild of view \"%.63s\" runs", view);
        if (!code)
                *ret_switches_back = strcmp(PQgetvalue(res, 0, 1), "switch-back") == 0;
        return code;
}

static ErrorCode cancel(Registry *registry, const ViewVersion *version, const char *by,
                        const char *note, Error *err)
{
        bool back = false;
        ErrorCode code = act(registry, version->view, "cancel", by, &back, err);

        if (code)
                return code;
        pg_params_clear(registry->params);
        pg_params_int64(registry->params, version->rebuild.id);
        pg_params_text(registry->params, "cancelled");
        pg_params_text(registry->params, note);
        code = pg_exec(registry->conn, sql_rebuild_phase, registry->params, NULL,
                       registry->deadline_us, "cancel a rebuild", err);
        if (!code)
                code = set_state(registry, version->view, version->version,
                                 back ? VERSION_RETIRED : VERSION_DROPPED, err);
        return code || back ? code : drop_tables(registry, version, err);
}

static ErrorCode register_model(Registry *registry, const Schema *schema, const Model *model,
                                bool new_system, Error *err)
{
        const ViewVersion *running = version_list_building(&registry->list, model->view);
        RebuildOptions options = { .reason = "schema",
                                   .by = "projector-svc",
                                   .source = "store",
                                   .switches_by_itself = true };
        char fingerprint[MODEL_FINGERPRINT_SIZE];
        ErrorCode code = ERROR_NONE;
        int version = 0;

        model_fingerprint(schema, model, fingerprint);
        if (version_list_newest_of(&registry->list, model->view, fingerprint))
                return ERROR_NONE;
        code = new_system ? ERROR_NONE
                          : schema_change_check(registry->conn, model, registry->deadline_us, err);
        if (!code && running)
                code = cancel(registry, running, "projector-svc",
                              "a projector with a newer schema.graphql has come", err);
        if (!code)
                code = add_version(registry, schema, model, new_system ? NULL : &options, &version,
                                   err);
        if (!code && !new_system)
                log_info("rebuild-begun",
                         "%s: version %d is built, since schema.graphql has changed", model->view,
                         version);
        return code;
}

static ErrorCode register_models(Registry *registry, RegistryWish *wish, Error *err)
{
        const Schema *schema = wish->schema;
        bool new_system = registry->list.n_versions == 0;
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && i < schema->n_models; i++)
                if (view_registry_is_fed(schema->models[i]))
                        code = register_model(registry, schema, schema->models[i], new_system, err);
        return code;
}

ErrorCode view_registry_register(PGconn *conn, const Schema *schema, int64_t deadline_us,
                                 Error *err)
{
        RegistryWish wish = { .schema = schema };

        return registry_transact(conn, register_models, &wish, deadline_us, err);
}

static ErrorCode refuse_second(const Registry *registry, const char *view, Error *err)
{
        const ViewVersion *running = version_list_building(&registry->list, view);

        if (!running)
                return ERROR_NONE;
        return error_set(err, ERROR_CONFLICT,
                         "version %d of view \"%s\" is being built: wait for it, or cancel it",
                         running->version, view);
}

/* NOLINTNEXTLINE(readability-function-size): what, how, and the answer */
ErrorCode view_registry_build(PGconn *conn, const Schema *schema, const Model *model,
                              const RebuildOptions *options, int *ret_version, int64_t deadline_us,
                              Error *err)
{
        _cleanup_(registry_deinit) Registry registry = { .conn = NULL };
        ErrorCode code = registry_begin(&registry, conn, deadline_us, err);

        if (!code)
                code = refuse_second(&registry, model->view, err);
        if (!code)
                code = schema_change_check(conn, model, deadline_us, err);
        if (!code)
                code = add_version(&registry, schema, model, options, ret_version, err);
        return registry_end(&registry, code, err);
}

static ErrorCode find_version(const Registry *registry, const char *view, int version,
                              const ViewVersion **ret, Error *err)
{
        *ret = version_list_find(&registry->list, view, version);
        if (!*ret || (*ret)->state == VERSION_DROPPED)
                return error_set(err, ERROR_NOT_FOUND, "view \"%.63s\" has no version %d", view,
                                 version);
        return ERROR_NONE;
}

ErrorCode view_registry_switch_back(PGconn *conn, const char *view, int version,
                                    const RebuildOptions *options, int64_t deadline_us, Error *err)
{
        _cleanup_(registry_deinit) Registry registry = { .conn = NULL };
        ErrorCode code = registry_begin(&registry, conn, deadline_us, err);
        const ViewVersion *found = NULL;

        if (!code)
                code = find_version(&registry, view, version, &found, err);
        if (!code)
                code = refuse_second(&registry, view, err);
        if (!code && found->state != VERSION_RETIRED)
                code = error_set(
                        err, ERROR_CONFLICT,
                        "version %d of view \"%s\" is %s: only a retired one can come back",
                        version, view, version_state_name(found->state));
        if (!code)
                code = set_state(&registry, view, version, VERSION_BUILDING, err);
        if (!code)
                code = insert_rebuild(&registry, view, version, options, err);
        return registry_end(&registry, code, err);
}

static ErrorCode cancel_running(Registry *registry, RegistryWish *wish, Error *err)
{
        const ViewVersion *running = version_list_building(&registry->list, wish->view);

        if (!running)
                return error_set(err, ERROR_NOT_FOUND, "no rebuild of view \"%.63s\" runs",
                                 wish->view);
        wish->version = running->version;
        return cancel(registry, running, wish->by, NULL, err);
}

ErrorCode view_registry_cancel(PGconn *conn, const char *view, const char *by, int *ret_version,
                               int64_t deadline_us, Error *err)
{
        RegistryWish wish = { .view = view, .by = by };
        ErrorCode code = registry_transact(conn, cancel_running, &wish, deadline_us, err);

        *ret_version = wish.version;
        return code;
}

static ErrorCode may_drop(const ViewVersion *version, const Schema *schema, Error *err)
{
        switch (version->state) {
        case VERSION_RETIRED:
        case VERSION_DROPPED:
                return ERROR_NONE;
        case VERSION_BUILDING:
                return error_set(err, ERROR_CONFLICT,
                                 "version %d of view \"%s\" is being built: cancel the rebuild",
                                 version->version, version->view);
        case VERSION_LIVE:
                break;
        }
        if (!schema_model_by_view(schema, version->view))
                return ERROR_NONE;
        return error_set(
                err, ERROR_CONFLICT,
                "version %d of view \"%s\" is what readers see: switch to another one first",
                version->version, version->view);
}

/* In the order in which readers lock. */
static ErrorCode drop_read_view(Registry *registry, const ViewVersion *version, Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        ErrorCode code = registry_begin_drop(registry, version->schema_name, err);

        buffer_append_string(&sql, "DROP VIEW IF EXISTS read.");
        sql_quote_name(&sql, version->view);
        if (!code)
                code = registry_run(registry, sql.data, "drop what readers saw", err);
        return code ? code
                    : view_registry_show_checkpoints(registry->conn, registry->deadline_us, err);
}

static ErrorCode cancel_repairs(Registry *registry, const char *view, Error *err)
{
        pg_params_clear(registry->params);
        pg_params_text(registry->params, view);
        return pg_exec(registry->conn, sql_repair_cancel, registry->params, NULL,
                       registry->deadline_us, "end the replays to a view", err);
}

static ErrorCode drop(Registry *registry, RegistryWish *wish, Error *err)
{
        const ViewVersion *found = NULL;
        ErrorCode code = find_version(registry, wish->view, wish->version, &found, err);

        if (!code)
                code = may_drop(found, wish->schema, err);
        if (code)
                return code;
        code = set_state(registry, wish->view, wish->version, VERSION_DROPPED, err);
        if (!code && found->state == VERSION_LIVE)
                code = drop_read_view(registry, found, err);
        if (!code)
                code = drop_tables(registry, found, err);
        if (!code && found->state == VERSION_LIVE) /* behind its checkpoints, as a repair does it */
                code = cancel_repairs(registry, wish->view, err);
        return code;
}

ErrorCode view_registry_drop(PGconn *conn, const Schema *schema, const char *view, int version,
                             int64_t deadline_us, Error *err)
{
        RegistryWish wish = { .schema = schema, .view = view, .version = version };

        return registry_transact(conn, drop, &wish, deadline_us, err);
}
