#include "read_handler.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/pg/pg_params.h"
#include "cursor.h"
#include "query_app.h"
#include "view_wait.h"

/* Columns of the result: how far the view is, then what model_select.h says. */
enum {
        COLUMN_TOKEN,
        COLUMN_ITEM,
        COLUMN_ITEMS = COLUMN_ITEM,
        COLUMN_MORE,
        COLUMN_KEYS,
};

/* The projector makes a view's tables: until it has, there is nothing to read. */
static ErrorCode explain(ErrorCode code, const ReadRequest *request, Error *err)
{
        if (code == ERROR_INTERNAL &&
            (strcmp(err->sqlstate, "42P01") == 0 || strcmp(err->sqlstate, "3F000") == 0))
                return error_set(err, ERROR_UNAVAILABLE, "the view \"%s\" has not been built yet",
                                 request->model->view);
        return code;
}

static ErrorCode run(PgPool *pool, const ReadRequest *request, const SqlText *sql, PGresult **ret,
                     Error *err)
{
        int64_t deadline_us = clock_monotonic_us() + request->config->read_timeout_ms * US_PER_MS;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        char name[32];
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        for (size_t i = 0; i < sql->n_params; i++)
                pg_params_text(params, sql->params[i]);
        /* The same question has the same text, whoever asks: values are parameters. */
        (void)snprintf(name, sizeof name, "read_%016" PRIx64,
                       hash_bytes(sql->text.data, sql->text.size));
        code = pg_pool_lease(pool, &lease, deadline_us, err);
        if (!code)
                code = pg_exec_prepared(pg_lease_conn(lease), name, sql->text.data, params, ret,
                                        deadline_us, "read", err);
        return code ? explain(code, request, err) : ERROR_NONE;
}

/* The one statement of a read; the position is that of the same snapshot as the rows. */
static void write_select(SqlText *sql, const ReadRequest *request, const Cursor *cursor)
{
        ModelSelect select = {
                .model = request->model,
                .reader = &request->reader,
                .fields = request->n_fields ? request->fields : NULL,
                .n_fields = request->n_fields,
                .includes = request->includes,
                .n_includes = request->n_includes,
                .include_limit = (size_t)request->config->include_rows_max,
                .filter = &request->filter.root,
        };

        sql_append(
                sql,
                "SELECT (SELECT string_agg(aggregate_type || '.' || partition || '.' || position, "
                "',' ORDER BY aggregate_type, partition) FROM read.checkpoint WHERE view = ");
        (void)sql_param(sql, request->model->view, "text");
        sql_append(sql, ") AS token, p.* FROM (");
        if (request->id)
                model_select_get(sql, &select, request->id);
        else
                model_select_list(sql, &select, &request->keyset, cursor ? cursor->values : NULL,
                                  (size_t)request->limit);
        sql_append(sql, ") AS p");
}

static void send_list(const ReadRequest *request, const PGresult *res, HttpResponse *out)
{
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        const char *values[KEYSET_KEYS_MAX];

        for (size_t i = 0; i < request->keyset.n_keys; i++) {
                int column = COLUMN_KEYS + (int)i;

                values[i] = PQgetisnull(res, 0, column) ? NULL : PQgetvalue(res, 0, column);
        }
        buffer_append_string(&body, "{\"items\":");
        buffer_append(&body, PQgetvalue(res, 0, COLUMN_ITEMS),
                      (size_t)PQgetlength(res, 0, COLUMN_ITEMS));
        buffer_append_string(&body, ",\"nextCursor\":");
        if (PQgetvalue(res, 0, COLUMN_MORE)[0] == 't') {
                buffer_append_char(&body, '"');
                cursor_format(&body, request, values);
                buffer_append_char(&body, '"');
        } else {
                buffer_append_string(&body, "null");
        }
        buffer_append_char(&body, '}');
        http_response_json(out, 200, body.data, body.size);
}

static ErrorCode send_row(const ReadRequest *request, const PGresult *res, HttpResponse *out,
                          Error *err)
{
        if (PQgetisnull(res, 0, COLUMN_ITEM))
                return error_set(err, ERROR_NOT_FOUND, "there is no %s \"%s\"",
                                 request->model->view, request->id);
        http_response_json(out, 200, PQgetvalue(res, 0, COLUMN_ITEM),
                           (size_t)PQgetlength(res, 0, COLUMN_ITEM));
        return ERROR_NONE;
}

static ErrorCode answer(PgPool *pool, const ReadRequest *request, HttpResponse *out, Error *err)
{
        _cleanup_(sql_text_deinit) SqlText sql = SQL_TEXT_INIT;
        _cleanup_(cursor_deinit) Cursor cursor = { .n_values = 0 };
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = ERROR_NONE;

        if (request->cursor)
                code = cursor_parse(request, &cursor, err);
        if (!code && request->after)
                code = explain(view_wait(pool, request, err), request, err);
        if (code)
                return code;
        write_select(&sql, request, request->cursor ? &cursor : NULL);
        code = run(pool, request, &sql, &res, err);
        if (code)
                return code;
        if (!PQgetisnull(res, 0, COLUMN_TOKEN))
                http_response_header(out, "X-Consistency-Token", PQgetvalue(res, 0, COLUMN_TOKEN));
        if (request->id)
                return send_row(request, res, out, err);
        send_list(request, res, out);
        return ERROR_NONE;
}

void handle_read(void *data, const HttpRequest *req, HttpResponse *res)
{
        QueryApp *app = data;
        _cleanup_(read_request_deinit) ReadRequest request = { .config = app->config };
        Error err = ERROR_INIT;
        ErrorCode code = read_request_parse(&request, app->config, app->schema, req, &err);

        if (!code)
                code = answer(app->pool, &request, res, &err);
        if (code)
                http_response_problem(res, &err);
}
