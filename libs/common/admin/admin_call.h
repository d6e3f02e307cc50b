#pragma once

/*
 * admin_call.h — one request of an operator: a connection, its parameters, and what every endpoint does.
 *
 * An endpoint is a row of a service's routes with ADMIN_GROUP, an HttpHandler that calls admin_answer(), and an
 * AdminEndpoint that does the work. Credentials and group were checked before.
 */

#include "common/base/json_fields.h"
#include "common/http/http.h"
#include "common/pg/pg_params.h"
#include "common/pg/pg_pool.h"

/* Who may use the endpoints: the server refuses everybody else with 403. */
#define ADMIN_GROUP "Admin"

typedef struct AdminCall {
        void *app; /* the service's */
        const HttpRequest *req;
        HttpResponse *res;
        PGconn *conn;
        PgParams *params; /* empty */
        int64_t deadline_us;
} AdminCall;

/* Fill call->res, or return an error, which is answered as a problem. */
typedef ErrorCode (*AdminEndpoint)(AdminCall *call, Error *err);

/* Lend a connection of @pool to @endpoint and answer what it gives. Thread: an HTTP thread. */
void admin_answer(PgPool *pool, void *app, const HttpRequest *req, HttpResponse *res,
                  AdminEndpoint endpoint);

/* One statement with call->params. Return: as pg_exec(). */
_must_check_ ErrorCode admin_query(AdminCall *call, const char *sql, PGresult **ret,
                                   const char *what, Error *err);

/* The members of the body, which has to be a JSON object in UTF-8. Return: ERROR_NONE or ERROR_MALFORMED. */
_must_check_ ErrorCode admin_body(const AdminCall *call, JsonFields *ret, Error *err);

/* Who asks, for the record. */
const char *admin_who(const AdminCall *call);

/* Answer the first column of @row, which is JSON. */
void admin_answer_row(AdminCall *call, int status, const PGresult *res, int row);
