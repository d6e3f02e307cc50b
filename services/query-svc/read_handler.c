#include "read_handler.h"

#include "common/auth/principal.h"
#include "common/base/clock.h"
#include "page_cursor.h"
#include "past_row.h"
#include "query_app.h"
#include "read_run.h"
#include "read_statement.h"

Reader reader_of(const HttpRequest *req)
{
        const Principal *principal = http_request_principal(req);

        return (Reader){
                .user = principal->user,
                .groups = (const char *const *)principal->groups,
                .n_groups = principal->n_groups,
                .api_key = principal->api_key,
        };
}

typedef struct ParameterVisit {
        ReadRequest *request;
        Error *err;
        ErrorCode code;
} ParameterVisit;

static void take_parameter(void *data, const char *name, const char *value)
{
        ParameterVisit *visit = data;

        if (!visit->code)
                visit->code = read_request_parameter(visit->request, name, value, visit->err);
}

static ErrorCode read_parameters(ReadRequest *request, const HttpRequest *req, Error *err)
{
        const char *token = http_request_header(req, "X-Consistency-Token");
        ParameterVisit visit = { .request = request, .err = err };

        http_request_each_query(req, take_parameter, &visit);
        if (!visit.code && token)
                visit.code = read_request_token(request, token, err);
        return visit.code ? visit.code : read_request_close(request, err);
}

static ErrorCode append_cursor(Buffer *body, const ReadRequest *request, const PGresult *res,
                               Error *err)
{
        const char *values[KEYSET_KEYS_MAX];
        ErrorCode code;

        if (PQgetvalue(res, 0, READ_COLUMN_MORE)[0] != 't') {
                buffer_append_string(body, "null");
                return ERROR_NONE;
        }
        for (size_t i = 0; i < request->keyset.n_keys; i++) {
                int column = READ_COLUMN_KEYS + (int)i;

                values[i] = PQgetisnull(res, 0, column) ? NULL : PQgetvalue(res, 0, column);
        }
        buffer_append_char(body, '"');
        code = page_cursor_format(body, request, values, err);
        buffer_append_char(body, '"');
        return code;
}

static ErrorCode send_list(const ReadRequest *request, const PGresult *res, HttpResponse *out,
                           Error *err)
{
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        ErrorCode code;

        buffer_append_string(&body, "{\"items\":");
        buffer_append(&body, PQgetvalue(res, 0, READ_COLUMN_ROW),
                      (size_t)PQgetlength(res, 0, READ_COLUMN_ROW));
        buffer_append_string(&body, ",\"nextCursor\":");
        code = append_cursor(&body, request, res, err);
        if (code)
                return code;
        buffer_append_char(&body, '}');
        http_response_json(out, 200, body.data, body.size);
        return ERROR_NONE;
}

static ErrorCode send_row(const ReadRequest *request, const PGresult *res, HttpResponse *out,
                          Error *err)
{
        if (PQgetisnull(res, 0, READ_COLUMN_ROW))
                return error_set(err, ERROR_NOT_FOUND, "there is no %s \"%.128s\"",
                                 request->model->view, request->id);
        http_response_json(out, 200, PQgetvalue(res, 0, READ_COLUMN_ROW),
                           (size_t)PQgetlength(res, 0, READ_COLUMN_ROW));
        return ERROR_NONE;
}

/* The row as it was. A token makes the view catch up first, for the view says who may see the row. */
static ErrorCode answer_past(const QueryApp *app, const ReadRequest *request, HttpResponse *out,
                             Error *err)
{
        int64_t deadline_us = clock_monotonic_us() + app->config->read_timeout_ms * US_PER_MS;
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(buffer_deinit) Buffer json = BUFFER_INIT;
        ErrorCode code = ERROR_NONE;

        if (request->tokens.n_tokens > 0)
                code = read_run(app->pool, request, &res, err);
        if (!code)
                code = pg_pool_lease(app->pool, &lease, deadline_us, err);
        if (!code)
                code = past_row_read(pg_lease_conn(lease), request, &json, deadline_us, err);
        if (!code)
                http_response_json(out, 200, json.data, json.size);
        return code;
}

static ErrorCode answer(const QueryApp *app, ReadRequest *request, const HttpRequest *req,
                        HttpResponse *out, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        Reader reader = reader_of(req);
        ErrorCode code = read_request_open(request, app->config, app->schema, &reader,
                                           http_request_param(req, "model"),
                                           http_request_param(req, "id"), err);

        if (!code)
                code = read_parameters(request, req, err);
        if (!code && request->as_of.given)
                return answer_past(app, request, out, err);
        if (!code)
                code = read_run(app->pool, request, &res, err);
        if (code)
                return code;
        if (!PQgetisnull(res, 0, READ_COLUMN_TOKEN))
                http_response_header(out, "X-Consistency-Token",
                                     PQgetvalue(res, 0, READ_COLUMN_TOKEN));
        return request->id ? send_row(request, res, out, err) : send_list(request, res, out, err);
}

void handle_read(void *data, const HttpRequest *req, HttpResponse *res)
{
        _cleanup_(read_request_deinit) ReadRequest request = { .id = NULL };
        Error err = ERROR_INIT;

        if (answer(data, &request, req, res, &err))
                http_response_problem(res, &err);
}
