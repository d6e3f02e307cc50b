#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "common/pg/pg_params.h"
#include "verify.h"
#include "verify_versions.sql.h"

/* From view to view. */
typedef struct Walk {
        PGconn *conn;
        const VerifyOptions *options;
        const Schema *schema;
        Buffer seen; /* the versions that were looked at, a line each */
        VerifyReport *report;
} Walk;

static ErrorCode list_versions(PGconn *conn, const VerifyOptions *options, PGresult **ret,
                               Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, *options->view ? options->view : NULL);
        if (options->version > 0)
                pg_params_int32(params, options->version);
        else
                pg_params_text(params, NULL);
        pg_params_text(params, options->all_versions ? "true" : "false");
        return pg_exec(conn, sql_verify_versions, params, ret,
                       clock_monotonic_us() + VERIFY_TIMEOUT_US, "list the versions of views", err);
}

static bool is_fed(const Model *model)
{
        for (const AggregateType *const *type = domain_aggregates; *type; type++)
                if (aggregate_feeds(*type, model->name))
                        return true;
        return false;
}

static bool has_live(const PGresult *versions, const char *view)
{
        for (int i = 0; i < PQntuples(versions); i++)
                if (strcmp(PQgetvalue(versions, i, 0), view) == 0 &&
                    *PQgetvalue(versions, i, 2) == 't')
                        return true;
        return false;
}

/* What the schema wants and readers do not see. */
static void check_missing(const VerifyOptions *options, const Schema *schema,
                          const PGresult *versions, VerifyReport *report)
{
        for (size_t i = 0; options->version < 0 && i < schema->n_models; i++) {
                const Model *model = schema->models[i];

                if (*options->view && strcmp(options->view, model->view) != 0)
                        continue;
                if (is_fed(model) && !has_live(versions, model->view))
                        verify_problem(report, "view %s: there is none that is live", model->view);
        }
}

/* False when the version stands there already. */
static bool add_version(Buffer *seen, const char *view, const char *version)
{
        _cleanup_(buffer_deinit) Buffer line = BUFFER_INIT;

        buffer_printf(&line, "\n%s/%s\n", view, version);
        if (strstr(buffer_text(seen), line.data))
                return false;
        buffer_append_string(seen, line.data);
        return true;
}

/* Verify what is listed and was not yet. @ret_n: how many there were. */
static ErrorCode verify_listed(Walk *walk, const PGresult *versions, int *ret_n, Error *err)
{
        *ret_n = 0;
        for (int i = 0; i < PQntuples(versions); i++) {
                const char *view = PQgetvalue(versions, i, 0),
                           *version = PQgetvalue(versions, i, 1);
                ErrorCode code;

                if (!add_version(&walk->seen, view, version))
                        continue;
                ++*ret_n;
                code = verify_view(walk->conn, view, (int)strtol(version, NULL, 10), walk->schema,
                                   walk->report, err);
                /* It may be dropped after it was listed, but not the one that was asked for. */
                if (code && (code != ERROR_NOT_FOUND || walk->options->version > 0))
                        return code;
        }
        return ERROR_NONE;
}

/* Another version may take over while this one is verified: until the list has nothing that is new. */
static ErrorCode verify_all(Walk *walk, Error *err)
{
        const VerifyOptions *options = walk->options;

        for (;;) {
                _cleanup_(PQclearp) PGresult *versions = NULL;
                int n = 0;
                ErrorCode code = list_versions(walk->conn, options, &versions, err);

                if (!code && *options->view && PQntuples(versions) == 0 && walk->seen.size == 0)
                        code = error_set(err, ERROR_NOT_FOUND, "view \"%.64s\" has no %s",
                                         options->view,
                                         options->version > 0 ? "such version" : "live version");
                if (!code)
                        code = verify_listed(walk, versions, &n, err);
                if (code)
                        return code;
                if (n == 0) {
                        check_missing(options, walk->schema, versions, walk->report);
                        return ERROR_NONE;
                }
        }
}

ErrorCode verify_views(PGconn *conn, const VerifyOptions *options, VerifyReport *report, Error *err)
{
        _cleanup_(schema_freep) Schema *schema = NULL;
        Walk walk = { .conn = conn, .options = options, .report = report };
        ErrorCode code = schema_load(&schema, options->schema_file, err);

        walk.schema = schema;
        if (!code)
                code = verify_all(&walk, err);
        buffer_deinit(&walk.seen);
        return code;
}
