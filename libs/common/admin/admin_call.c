#include "common/admin/admin_call.h"

#include "common/auth/principal.h"
#include "common/base/clock.h"
#include "common/base/utf8.h"

#define TIMEOUT_US (10 * US_PER_SEC)

static ErrorCode run(PgPool *pool, AdminCall *call, AdminEndpoint endpoint, Error *err)
{
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        code = pg_pool_lease(pool, &lease, call->deadline_us, err);
        if (code)
                return code;
        call->conn = pg_lease_conn(lease);
        call->params = params;
        return endpoint(call, err);
}

void admin_answer(PgPool *pool, void *app, const HttpRequest *req, HttpResponse *res,
                  AdminEndpoint endpoint)
{
        AdminCall call = {
                .app = app, .req = req, .res = res, .deadline_us = clock_monotonic_us() + TIMEOUT_US
        };
        Error err = ERROR_INIT;

        if (run(pool, &call, endpoint, &err))
                http_response_problem(res, &err);
}

ErrorCode admin_query(AdminCall *call, const char *sql, PGresult **ret, const char *what,
                      Error *err)
{
        return pg_exec(call->conn, sql, call->params, ret, call->deadline_us, what, err);
}

ErrorCode admin_body(const AdminCall *call, JsonFields *ret, Error *err)
{
        size_t size;
        const char *text = http_request_body(call->req, &size);

        if (!utf8_valid(text, size))
                return error_set(err, ERROR_MALFORMED, "the body is not UTF-8");
        return json_fields_parse(ret, text, size, err);
}

const char *admin_who(const AdminCall *call)
{
        return http_request_principal(call->req)->name;
}

void admin_answer_row(AdminCall *call, int status, const PGresult *res, int row)
{
        http_response_json(call->res, status, PQgetvalue(res, row, 0),
                           (size_t)PQgetlength(res, row, 0));
}
