#include "verify_version.h"

#include <stdlib.h>

#include "common/model/sql_text.h"
#include "common/pg/pg_params.h"
#include "verify_version.sql.h"

enum {
        COLUMN_VIEW,
        COLUMN_VERSION,
        COLUMN_STATE,
        COLUMN_LIVE,
        COLUMN_SCHEMA,
        COLUMN_TEXT
};

void verify_version_deinit(VerifyVersion *version)
{
        buffer_deinit(&version->label);
        buffer_deinit(&version->table);
        buffer_deinit(&version->checkpoint);
        schema_free(version->schema);
        PQclear(version->owner);
}

static ErrorCode find_model(VerifyVersion *ret, const Schema *schema, Error *err)
{
        const PGresult *res = ret->owner;

        if (!PQgetisnull(res, 0, COLUMN_TEXT)) {
                ErrorCode code = schema_parse(&ret->schema, "projection.views",
                                              PQgetvalue(res, 0, COLUMN_TEXT),
                                              (size_t)PQgetlength(res, 0, COLUMN_TEXT), err);

                if (code)
                        return code == ERROR_INTERNAL ? code : ERROR_INVALID;
                schema = ret->schema;
        }
        ret->model = schema_model_by_view(schema, ret->view);
        return ret->model ? ERROR_NONE
                          : error_set(err, ERROR_INVALID,
                                      "the schema of view \"%s\" version %d has no such model",
                                      ret->view, ret->version);
}

static void append_table(Buffer *ret, const char *schema_name, const char *table)
{
        sql_quote_name(ret, schema_name);
        buffer_append_char(ret, '.');
        sql_quote_name(ret, table);
}

ErrorCode verify_version_load(VerifyVersion *ret, PGconn *conn, const char *view, int version,
                              const Schema *schema, int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        const char *schema_name;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, view);
        pg_params_int32(params, version);
        code = pg_exec(conn, sql_verify_version, params, &ret->owner, deadline_us, "look a view up",
                       err);
        if (code)
                return code;
        if (PQntuples(ret->owner) == 0)
                return error_set(err, ERROR_NOT_FOUND, "view \"%s\" has no version %d", view,
                                 version);
        ret->view = PQgetvalue(ret->owner, 0, COLUMN_VIEW);
        ret->version = (int)strtol(PQgetvalue(ret->owner, 0, COLUMN_VERSION), NULL, 10);
        ret->state = PQgetvalue(ret->owner, 0, COLUMN_STATE);
        ret->live = PQgetvalue(ret->owner, 0, COLUMN_LIVE)[0] == 't';
        schema_name = PQgetvalue(ret->owner, 0, COLUMN_SCHEMA);
        append_table(&ret->table, ret->live ? "read" : schema_name,
                     ret->view); /* what readers see */
        append_table(&ret->checkpoint, schema_name, "checkpoint");
        buffer_append_string(&ret->label, ret->view);
        if (!ret->live)
                buffer_printf(&ret->label, "/%d", ret->version);
        return find_model(ret, schema, err);
}
