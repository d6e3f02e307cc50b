#include "past_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "common/domain/row_fold.h"
#include "common/model/model_column.h"
#include "common/model/model_row.h"
#include "common/pg/pg_params.h"
#include "common/store/store.h"
#include "read_run.h"
#include "reader_group.h"

#define READ_SIZE 1000 /* events read at a time */

typedef struct PastRow {
        PGconn *conn;
        const ReadRequest *request;
        int64_t deadline_us;
        RowFold *fold;
        RowChanges *changes;
        EventProjection projection;
        int64_t n_events; /* folded */
        bool reached;     /* the version that was asked for */
} PastRow;

static void past_row_deinit(PastRow *past)
{
        row_fold_free(past->fold);
        row_changes_free(past->changes);
        event_projection_deinit(&past->projection);
}

static ErrorCode past_row_init(PastRow *past, Error *err)
{
        const Model *model = past->request->model;
        _cleanup_(freep) RowColumn *columns = calloc(model->n_fields + 1, sizeof *columns);
        size_t n = 0;

        past->changes = row_changes_new();
        if (!columns || !past->changes)
                return error_no_memory(err);
        for (size_t i = 0; i < model->n_fields; i++)
                if (model->fields[i].kind == FIELD_COLUMN)
                        columns[n++] =
                                (RowColumn){ model->fields[i].name, model->fields[i].default_text,
                                             model_column_is_number(&model->fields[i]) };
        past->fold = row_fold_new(columns, n);
        return ERROR_NONE;
}

/* Whose row it is today; of several the one that a read without asOf answers. */
static ErrorCode find_aggregate(const PastRow *past, char **ret, Error *err)
{
        const ReadRequest *request = past->request;
        _cleanup_(sql_text_deinit) SqlText sql = SQL_TEXT_INIT;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        size_t user_param = 0;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        sql_append(&sql, "SELECT r.\"_aggregate\" FROM read.");
        sql_quote_name(&sql.text, request->model->view);
        sql_append(&sql, " AS r WHERE r.\"id\" = ");
        (void)sql_param(&sql, request->id, "text");
        sql_append(&sql, " AND ");
        auth_predicate(&sql, request->model, &request->reader, AUTH_READ, &user_param, "r");
        sql_append(&sql, " ORDER BY r.\"_aggregate\" <> r.\"id\", r.\"_aggregate\" LIMIT 1");
        for (size_t i = 0; i < sql.n_params; i++)
                pg_params_text(params, sql.params[i]);
        code = pg_exec(past->conn, sql.text.data, params, &res, past->deadline_us, "look at a row",
                       err);
        if (code)
                return read_fault(code, request->model, err);
        if (PQntuples(res) > 0 && strcmp(PQgetvalue(res, 0, 0), ROW_SHARED) == 0)
                return error_set_field(
                        err, ERROR_INVALID, "asOf",
                        "%s \"%.128s\" is made by events of many aggregates: it has no "
                        "versions, and its past is not kept",
                        request->model->view, request->id);
        if (PQntuples(res) > 0)
                *ret = strdup(PQgetvalue(res, 0, 0));
        else if (reader_in_group(&request->reader, READER_ADMIN_GROUP))
                *ret = strdup(request->id);
        else
                return error_set(err, ERROR_NOT_FOUND, "there is no %s \"%.128s\"",
                                 request->model->view, request->id);
        return *ret ? ERROR_NONE : error_no_memory(err);
}

static ErrorCode fold_event(PastRow *past, const AggregateType *type, const Event *event,
                            Error *err)
{
        ErrorCode code;

        row_changes_clear(past->changes);
        code = event_project(&past->projection, type, event, past->request->model->name,
                             past->changes, err);
        return code ? code
                    : row_fold_apply(past->fold, event, past->changes, 0,
                                     row_changes_count(past->changes), err);
}

/* @ret_more: whether there may be events behind these that had happened by then. */
static ErrorCode fold_page(PastRow *past, const AggregateType *type, const EventBatch *batch,
                           bool *ret_more, Error *err)
{
        const PastMoment *moment = &past->request->as_of;

        *ret_more = batch->more;
        for (size_t i = 0; i < batch->n_events; i++) {
                ErrorCode code;

                if (!past_moment_covers(moment, &batch->events[i])) {
                        *ret_more = false;
                        return ERROR_NONE;
                }
                if (++past->n_events > past->request->config->as_of_events_max)
                        return error_set_field(err, ERROR_TOO_LARGE, "asOf",
                                               "more than %" PRId64
                                               " events would have to be folded",
                                               past->request->config->as_of_events_max);
                code = fold_event(past, type, &batch->events[i], err);
                if (code)
                        return code;
                past->reached |= batch->events[i].sequence == moment->version;
        }
        return ERROR_NONE;
}

static ErrorCode fold_stream(PastRow *past, const AggregateType *type, const char *aggregate,
                             Error *err)
{
        int64_t after = 0;
        bool more = true;

        while (more) {
                _cleanup_(event_batch_freep) EventBatch *batch = NULL;
                ErrorCode code = store_read_stream(past->conn, type->name, aggregate, after,
                                                   READ_SIZE, &batch, past->deadline_us, err);

                if (!code)
                        code = fold_page(past, type, batch, &more, err);
                if (code)
                        return code;
                if (more)
                        after = batch->events[batch->n_events - 1].sequence;
        }
        return ERROR_NONE;
}

/* What is to be sent of the row "t". */
static void append_fields(Buffer *sql, const ReadRequest *request)
{
        if (!request->fields) {
                model_row_fields(sql, request->model, "t");
                return;
        }
        for (size_t i = 0; i < request->n_fields; i++) {
                buffer_append_string(sql, i ? ", " : "");
                model_row_field(sql, request->fields[i], "t");
        }
}

/* PostgreSQL makes the JSON of it, as it does for rows that are stored. */
static ErrorCode write_json(const PastRow *past, const FoldRow *row, Buffer *ret_json, Error *err)
{
        const Model *model = past->request->model;
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        size_t n = 0;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        buffer_append_string(&sql, "SELECT (SELECT row_to_json(r)::text FROM (SELECT ");
        append_fields(&sql, past->request);
        buffer_append_string(&sql, ") AS r) FROM (SELECT ");
        for (size_t i = 0; i < model->n_fields; i++) {
                char text[24];

                if (model->fields[i].kind != FIELD_COLUMN)
                        continue;
                (void)snprintf(text, sizeof text, "$%zu::text", n + 1);
                buffer_append_string(&sql, n ? ", " : "");
                model_column_from_text(&sql, &model->fields[i], text);
                buffer_append_string(&sql, " AS ");
                sql_quote_name(&sql, model->fields[i].name);
                pg_params_text(params, row->values[n++]);
        }
        buffer_append_string(&sql, ") AS t");
        code = pg_exec(past->conn, sql.data, params, &res, past->deadline_us, "show a row", err);
        if (!code)
                buffer_append(ret_json, PQgetvalue(res, 0, 0), (size_t)PQgetlength(res, 0, 0));
        return code;
}

ErrorCode past_row_read(PGconn *conn, const ReadRequest *request, Buffer *ret_json,
                        int64_t deadline_us, Error *err)
{
        _cleanup_(past_row_deinit) PastRow past = { .conn = conn,
                                                    .request = request,
                                                    .deadline_us = deadline_us,
                                                    .projection = EVENT_PROJECTION_INIT };
        _cleanup_(freep) char *aggregate = NULL;
        FoldRow row;
        ErrorCode code = past_row_init(&past, err);

        if (!code)
                code = find_aggregate(&past, &aggregate, err);
        for (size_t i = 0; !code && domain_aggregates[i]; i++)
                if (aggregate_feeds(domain_aggregates[i], request->model->name))
                        code = fold_stream(&past, domain_aggregates[i], aggregate, err);
        if (code)
                return code;
        if (request->as_of.version && !past.reached)
                return error_set_field(err, ERROR_NOT_FOUND, "asOf",
                                       "there is no version %" PRId64 " of it yet",
                                       request->as_of.version);
        if (!row_fold_find(past.fold, request->id, aggregate, &row) || !row.present)
                return error_set(err, ERROR_NOT_FOUND, "there was no %s \"%.128s\" then",
                                 request->model->view, request->id);
        return write_json(&past, &row, ret_json, err);
}
