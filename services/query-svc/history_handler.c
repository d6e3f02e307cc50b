#include "history_handler.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/base/number.h"
#include "common/event/event_codec.h"
#include "common/pg/pg_params.h"
#include "common/store/store.h"
#include "query_app.h"
#include "read_handler.h"
#include "read_run.h"
#include "reader_group.h"

typedef struct HistoryRequest {
        const QueryApp *app;
        Reader reader;
        const char *type;
        const char *id;
        int64_t limit;
        int64_t after; /* event sequence */
        Error *err;
        ErrorCode code;
} HistoryRequest;

static void read_parameter(void *data, const char *name, const char *value)
{
        HistoryRequest *request = data;

        if (request->code)
                return;
        if (strcmp(name, "limit") == 0) {
                if (!number_read(value, request->app->config->page_limit_max, &request->limit))
                        request->code = error_set_field(request->err, ERROR_MALFORMED, name,
                                                        "limit must be a number from 1 to %" PRId64,
                                                        request->app->config->page_limit_max);
        } else if (strcmp(name, "cursor") == 0) {
                if (!number_read(value, INT64_MAX, &request->after))
                        request->code =
                                error_set_field(request->err, ERROR_MALFORMED, name,
                                                "cursor is not a nextCursor of this resource");
        } else {
                request->code = error_set_field(request->err, ERROR_MALFORMED, name,
                                                "unknown parameter \"%s\"", name);
        }
}

/* Whose row one may read, its history one may read: the aggregate's own row in the view that is called as the
 * type, not something of the same id that another aggregate has. */
static ErrorCode may_read(const HistoryRequest *request, PGconn *conn, bool *ret,
                          int64_t deadline_us, Error *err)
{
        const Model *model = schema_model_by_view(request->app->schema, request->type);
        _cleanup_(sql_text_deinit) SqlText sql = SQL_TEXT_INIT;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        size_t user_param = 0;
        ErrorCode code;

        *ret = reader_in_group(&request->reader, READER_ADMIN_GROUP);
        if (*ret || !model)
                return ERROR_NONE;
        if (!params)
                return error_no_memory(err);
        sql_append(&sql, "SELECT EXISTS (SELECT FROM read.");
        sql_quote_name(&sql.text, model->view);
        sql_append(&sql, " AS r WHERE r.\"id\" = ");
        (void)sql_param(&sql, request->id, "text");
        sql_append(&sql, " AND r.\"_aggregate\" = r.\"id\" AND ");
        auth_predicate(&sql, model, &request->reader, AUTH_READ, &user_param, "r");
        sql_append(&sql, ")");
        for (size_t i = 0; i < sql.n_params; i++)
                pg_params_text(params, sql.params[i]);
        code = pg_exec(conn, sql.text.data, params, &res, deadline_us, "look at a row", err);
        if (!code)
                *ret = PQgetvalue(res, 0, 0)[0] == 't';
        return read_fault(code, model, err);
}

static void send(const HistoryRequest *request, const EventBatch *batch, HttpResponse *res)
{
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        size_t shown = batch->n_events <= (size_t)request->limit ? batch->n_events
                                                                 : (size_t)request->limit;

        json_write_object(&body, NULL);
        json_write_array(&body, "items");
        for (size_t i = 0; i < shown; i++)
                event_encode(&body, NULL, &batch->events[i]);
        json_write_array_end(&body);
        if (batch->more) {
                _cleanup_(buffer_deinit) Buffer cursor = BUFFER_INIT;

                buffer_printf(&cursor, "%" PRId64, batch->events[shown - 1].sequence);
                json_write_string(&body, "nextCursor", cursor.data);
        } else {
                json_write_null(&body, "nextCursor");
        }
        json_write_object_end(&body);
        http_response_json(res, 200, body.data, body.size);
}

static ErrorCode answer(const HistoryRequest *request, HttpResponse *res, Error *err)
{
        const QueryApp *app = request->app;
        int64_t deadline_us = clock_monotonic_us() + app->config->read_timeout_ms * US_PER_MS;
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        _cleanup_(event_batch_freep) EventBatch *batch = NULL;
        bool allowed = false;
        ErrorCode code;

        code = pg_pool_lease(app->pool, &lease, deadline_us, err);
        if (!code)
                code = may_read(request, pg_lease_conn(lease), &allowed, deadline_us, err);
        if (!code && allowed)
                code = store_read_stream(pg_lease_conn(lease), request->type, request->id,
                                         request->after, (int)request->limit + 1, &batch,
                                         deadline_us, err);
        if (code)
                return code;
        /* What one may not see is not there, and neither is what has no events. */
        if (!allowed || (batch->n_events == 0 && request->after == 0))
                return error_set(err, ERROR_NOT_FOUND, "there is no %s \"%s\"", request->type,
                                 request->id);
        send(request, batch, res);
        return ERROR_NONE;
}

void handle_history(void *data, const HttpRequest *req, HttpResponse *res)
{
        QueryApp *app = data;
        Error err = ERROR_INIT;
        HistoryRequest request = {
                .app = app,
                .reader = reader_of(req),
                .type = http_request_param(req, "type"),
                .id = http_request_param(req, "id"),
                .limit = app->config->page_limit_default,
                .err = &err,
        };

        http_request_each_query(req, read_parameter, &request);
        if (!request.code)
                request.code = answer(&request, res, &err);
        if (request.code)
                http_response_problem(res, &err);
}
