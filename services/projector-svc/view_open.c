#include "view_open.h"

#include <string.h>

#include "common/model/model_ddl.h"
#include "common/pg/pg_params.h"
#include "version_schema_text.sql.h"
#include "version_state.sql.h"

static ErrorCode ask(PGconn *conn, const char *sql, const char *view, int version, PGresult **ret,
                     int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, view);
        pg_params_int32(params, version);
        code = pg_exec(conn, sql, params, &res, deadline_us, "look a view up", err);
        if (!code && PQntuples(res) == 0)
                code = error_set(err, ERROR_NOT_FOUND, "view \"%s\" has no version %d", view,
                                 version);
        if (!code)
                *ret = TAKE_PTR(res);
        return code;
}

/* The schema that a version was made from, when it is not the one of this instance. */
static ErrorCode load_schema(PGconn *conn, const ViewVersion *version, Schema **ret,
                             int64_t deadline_us, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = ask(conn, sql_version_schema_text, version->view, version->version, &res,
                             deadline_us, err);

        if (code)
                return code;
        code = schema_parse(ret, "projection.views", PQgetvalue(res, 0, 0),
                            (size_t)PQgetlength(res, 0, 0), err);
        return code ? ERROR_INVALID : ERROR_NONE;
}

static bool is_made_from(const Schema *schema, const ViewVersion *version)
{
        const Model *model = schema_model_by_view(schema, version->view);
        char fingerprint[MODEL_FINGERPRINT_SIZE];

        if (!model)
                return false;
        model_fingerprint(schema, model, fingerprint);
        return strcmp(fingerprint, version->fingerprint) == 0;
}

ErrorCode view_open(View **ret, PGconn *conn, const Schema *own, const ViewVersion *version,
                    int64_t deadline_us, Error *err)
{
        _cleanup_(schema_freep) Schema *loaded = NULL;
        const Schema *schema = own;
        const Model *model;
        View *view = NULL;
        ErrorCode code = ERROR_NONE;

        if (!is_made_from(own, version)) {
                code = load_schema(conn, version, &loaded, deadline_us, err);
                schema = loaded;
        }
        if (code)
                return code;
        model = schema_model_by_view(schema, version->view);
        if (!model)
                return error_set(err, ERROR_INVALID,
                                 "the schema of view \"%s\" version %d has no such model",
                                 version->view, version->version);
        code = view_new(&view, schema, model, err);
        if (code)
                return code;
        view_set_version(view, version->version);
        if (version->state != VERSION_LIVE)
                view_set_building(view);
        view->own_schema = TAKE_PTR(loaded);
        *ret = view;
        return ERROR_NONE;
}

ErrorCode view_check(const View *view, PGconn *conn, int64_t deadline_us, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        const char *name = view->model->view;
        ErrorCode code = ask(conn, sql_version_state, name, view->version, &res, deadline_us, err);
        const char *role =
                version_state_name(view->role == VIEW_LIVE ? VERSION_LIVE : VERSION_BUILDING);

        if (code)
                return code;
        if (strcmp(PQgetvalue(res, 0, 0), role) != 0)
                return error_set(err, ERROR_NOT_FOUND, "version %d of view \"%s\" is %s by now",
                                 view->version, name, PQgetvalue(res, 0, 0));
        if (PQgetvalue(res, 0, 1)[0] != 't')
                return error_set(err, ERROR_INVALID,
                                 "view \"%s\" version %d is registered, but its table is gone: "
                                 "restore it, or delete the row from projection.views and the "
                                 "schema",
                                 name, view->version);
        return ERROR_NONE;
}
