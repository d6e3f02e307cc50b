#include "admin_call.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/pg/pg_pool.h"

#define TIMEOUT_US (10 * US_PER_SEC)

static ErrorCode run(AdminCall *call, AdminEndpoint endpoint, Error *err)
{
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        code = pg_pool_lease(call->app->pool, &lease, call->deadline_us, err);
        if (code)
                return code;
        call->conn = pg_lease_conn(lease);
        call->params = params;
        return endpoint(call, err);
}

void admin_answer(const ProjectorApp *app, const HttpRequest *req, HttpResponse *res,
                  AdminEndpoint endpoint)
{
        AdminCall call = {
                .app = app, .req = req, .res = res, .deadline_us = clock_monotonic_us() + TIMEOUT_US
        };
        Error err = ERROR_INIT;

        if (run(&call, endpoint, &err))
                http_response_problem(res, &err);
}

ErrorCode admin_query(AdminCall *call, const char *sql, PGresult **ret, const char *what,
                      Error *err)
{
        return pg_exec(call->conn, sql, call->params, ret, call->deadline_us, what, err);
}

ErrorCode admin_view(const AdminCall *call, const Model **ret, Error *err)
{
        const char *name = http_request_param(call->req, "view");
        const Schema *schema = call->app->schema;

        for (size_t i = 0; i < schema->n_models; i++) {
                if (strcmp(schema->models[i]->view, name) != 0)
                        continue;
                *ret = schema->models[i];
                return ERROR_NONE;
        }
        return error_set_field(err, ERROR_NOT_FOUND, "view", "there is no view \"%s\"", name);
}

void admin_answer_items(AdminCall *call, const PGresult *items)
{
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;

        json_write_object(&body, NULL);
        json_write_array(&body, "items");
        for (int row = 0; row < PQntuples(items); row++)
                json_write_raw(&body, NULL,
                               (JsonSpan){ PQgetvalue(items, row, 0),
                                           (size_t)PQgetlength(items, row, 0) });
        json_write_array_end(&body);
        json_write_object_end(&body);
        http_response_json(call->res, 200, body.data, body.size);
}
