#include "view_registry.h"

#include <string.h>

#include "common/model/model_ddl.h"
#include "common/model/sql_text.h"
#include "common/pg/pg_params.h"
#include "view_create_schema.sql.h"
#include "view_list_live.sql.h"
#include "view_live.sql.h"
#include "view_lock.sql.h"
#include "view_register.sql.h"
#include "view_sql.h"

#define FIRST_VERSION 1

/* What each step needs. */
typedef struct Registry {
        PGconn *conn;
        PgParams *params;
        View *view;
        char fingerprint[MODEL_FINGERPRINT_SIZE];
        int64_t deadline_us;
} Registry;

static ErrorCode check_live(const Registry *registry, const PGresult *res, Error *err)
{
        const char *name = registry->view->model->view;
        const char *version = PQgetvalue(res, 0, 0);

        if (strcmp(PQgetvalue(res, 0, 1), registry->fingerprint) != 0)
                return error_set(err, ERROR_INVALID,
                                 "view \"%s\" version %s was made from another schema.graphql: its "
                                 "columns or indexes differ from those of model %s now",
                                 name, version, registry->view->model->name);
        if (strcmp(PQgetvalue(res, 0, 2), "t") != 0)
                return error_set(
                        err, ERROR_INVALID,
                        "view \"%s\" version %s is registered, but its table is gone: restore "
                        "it, or delete the row from projection.views and the schema",
                        name, version);
        return ERROR_NONE;
}

/* @ret_found: whether there is a live version; the view points at it then. */
static ErrorCode look_up(Registry *registry, bool *ret_found, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        pg_params_clear(registry->params);
        pg_params_text(registry->params, registry->view->model->view);
        code = pg_exec(registry->conn, sql_view_live, registry->params, &res, registry->deadline_us,
                       "look a view up", err);
        if (code)
                return code;
        *ret_found = PQntuples(res) > 0;
        if (!*ret_found)
                return ERROR_NONE;
        code = check_live(registry, res, err);
        if (!code)
                view_set_version(registry->view, (int)strtol(PQgetvalue(res, 0, 0), NULL, 10));
        return code;
}

static ErrorCode create_tables(Registry *registry, Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        const View *view = registry->view;
        ErrorCode code;

        pg_params_clear(registry->params);
        pg_params_text(registry->params, view->model->view);
        pg_params_int32(registry->params, view->version);
        code = pg_exec(registry->conn, sql_view_create_schema, registry->params, NULL,
                       registry->deadline_us, "create a view's schema", err);
        if (code)
                return code;
        model_ddl(&sql, view->schema, view->model, view->schema_name);
        view_sql_checkpoint_table(&sql, view);
        view_sql_read_view(&sql, view);
        return pg_exec(registry->conn, sql.data, NULL, NULL, registry->deadline_us,
                       "create a view's tables", err);
}

static ErrorCode insert_row(Registry *registry, Error *err)
{
        pg_params_clear(registry->params);
        pg_params_text(registry->params, registry->view->model->view);
        pg_params_int32(registry->params, registry->view->version);
        pg_params_text(registry->params, registry->view->schema_name);
        pg_params_text(registry->params, registry->fingerprint);
        return pg_exec(registry->conn, sql_view_register, registry->params, NULL,
                       registry->deadline_us, "register a view", err);
}

/* read.checkpoint shows the checkpoints of all live versions. */
static ErrorCode replace_checkpoint_view(Registry *registry, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        ErrorCode code;

        code = pg_exec(registry->conn, sql_view_list_live, NULL, &res, registry->deadline_us,
                       "list the views", err);
        if (code)
                return code;
        buffer_append_string(&sql, "CREATE OR REPLACE VIEW read.checkpoint AS ");
        for (int i = 0; i < PQntuples(res); i++) {
                buffer_append_string(&sql, i ? " UNION ALL SELECT " : "SELECT ");
                sql_quote_literal(&sql, PQgetvalue(res, i, 0));
                buffer_append_string(&sql,
                                     "::text COLLATE \"C\" AS view, aggregate_type, partition, "
                                     "position FROM ");
                sql_quote_name(&sql, PQgetvalue(res, i, 1));
                buffer_append_string(&sql, ".checkpoint");
        }
        return pg_exec(registry->conn, sql.data, NULL, NULL, registry->deadline_us,
                       "show the checkpoints", err);
}

static ErrorCode create(Registry *registry, Error *err)
{
        ErrorCode code;

        view_set_version(registry->view, FIRST_VERSION);
        code = create_tables(registry, err);
        if (!code)
                code = insert_row(registry, err);
        return code ? code : replace_checkpoint_view(registry, err);
}

ErrorCode view_registry_open(PGconn *conn, View *view, int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        Registry registry = {
                .conn = conn, .params = params, .view = view, .deadline_us = deadline_us
        };
        bool found = false;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        model_fingerprint(view->schema, view->model, registry.fingerprint);
        code = look_up(&registry, &found, err);
        if (code || found)
                return code;
        code = pg_exec(conn, "BEGIN", NULL, NULL, deadline_us, "begin", err);
        if (code)
                return code;
        code = pg_exec(conn, sql_view_lock, NULL, NULL, deadline_us, "lock the registry", err);
        if (!code) /* somebody may have made it while we waited */
                code = look_up(&registry, &found, err);
        if (!code && !found)
                code = create(&registry, err);
        if (code) {
                (void)!pg_exec(conn, "ROLLBACK", NULL, NULL, deadline_us, "roll back", NULL);
                return code;
        }
        return pg_exec(conn, "COMMIT", NULL, NULL, deadline_us, "commit", err);
}
