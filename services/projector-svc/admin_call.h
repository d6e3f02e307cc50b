#pragma once

/*
 * admin_call.h — one request of an operator: a connection, its parameters, and what every endpoint does.
 *
 * An endpoint is a row in admin_routes.c, an HttpHandler that calls admin_answer(), and an AdminEndpoint that
 * does the work. Credentials and group were checked before.
 */

#include "common/model/model.h"
#include "common/pg/pg_conn.h"
#include "common/pg/pg_params.h"
#include "projector_app.h"

typedef struct AdminCall {
        const ProjectorApp *app;
        const HttpRequest *req;
        HttpResponse *res;
        PGconn *conn;
        PgParams *params; /* empty */
        int64_t deadline_us;
} AdminCall;

/* Fill call->res, or return an error, which is answered as a problem. */
typedef ErrorCode (*AdminEndpoint)(AdminCall *call, Error *err);

/* Lend a connection to @endpoint and answer what it gives. Thread: an HTTP thread. */
void admin_answer(const ProjectorApp *app, const HttpRequest *req, HttpResponse *res,
                  AdminEndpoint endpoint);

/* One statement with call->params. Return: as pg_exec(). */
_must_check_ ErrorCode admin_query(AdminCall *call, const char *sql, PGresult **ret,
                                   const char *what, Error *err);

/* The model of the view that the route's parameter :view names. Return: ERROR_NONE or ERROR_NOT_FOUND. */
_must_check_ ErrorCode admin_view(const AdminCall *call, const Model **ret, Error *err);

/* {"items":[…]} of a result whose first column is JSON, one item a row. */
void admin_answer_items(AdminCall *call, const PGresult *items);
