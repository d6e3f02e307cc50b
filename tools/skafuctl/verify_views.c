#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "common/pg/pg_params.h"
#include "verify.h"
#include "verify_versions.sql.h"

static ErrorCode list_versions(PGconn *conn, const VerifyOptions *options, PGresult **ret,
                               Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, *options->view ? options->view : NULL);
        if (options->version)
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

static bool is_listed(const PGresult *versions, const char *view)
{
        for (int i = 0; i < PQntuples(versions); i++)
                if (strcmp(PQgetvalue(versions, i, 0), view) == 0)
                        return true;
        return false;
}

/* What the schema wants and nobody has built. */
static void check_missing(const VerifyOptions *options, const Schema *schema,
                          const PGresult *versions, VerifyReport *report)
{
        for (size_t i = 0; i < schema->n_models; i++) {
                const Model *model = schema->models[i];

                if (!*options->view && is_fed(model) && !is_listed(versions, model->view))
                        verify_problem(report, "view %s: there is none that is live", model->view);
        }
}

ErrorCode verify_views(PGconn *conn, const VerifyOptions *options, VerifyReport *report, Error *err)
{
        _cleanup_(schema_freep) Schema *schema = NULL;
        _cleanup_(PQclearp) PGresult *versions = NULL;
        ErrorCode code = schema_load(&schema, options->schema_file, err);

        if (!code)
                code = list_versions(conn, options, &versions, err);
        if (code)
                return code;
        if (*options->view && PQntuples(versions) == 0)
                return error_set(err, ERROR_NOT_FOUND, "view \"%.64s\" has no %s", options->view,
                                 options->version ? "such version" : "live version");
        check_missing(options, schema, versions, report);
        for (int i = 0; !code && i < PQntuples(versions); i++)
                code = verify_view(conn, PQgetvalue(versions, i, 0),
                                   (int)strtol(PQgetvalue(versions, i, 1), NULL, 10), schema,
                                   report, err);
        return code;
}
