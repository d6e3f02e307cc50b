#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "common/domain/row_fold.h"
#include "common/model/model_ddl.h"
#include "common/model/sql_text.h"
#include "common/pg/pg_params.h"
#include "common/store/store.h"
#include "verify.h"

#define READ_SIZE  1000
#define WRITE_SIZE 1000

/* A view made again from the events: folded in memory, put into a temporary table, compared there. */
typedef struct Fresh {
        PGconn *conn;
        const Model *model;
        RowFold *fold;
        RowChanges *changes;
        EventProjection projection;
        Buffer columns; /* "id", "name" … */
        const Field *fields[PG_PARAMS_MAX];
        size_t n_fields;
        int64_t foreign;
        int64_t n_rows;
        VerifyReport *report;
} Fresh;

static void fresh_deinit(Fresh *fresh)
{
        row_fold_free(fresh->fold);
        row_changes_free(fresh->changes);
        event_projection_deinit(&fresh->projection);
        buffer_deinit(&fresh->columns);
}

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + VERIFY_TIMEOUT_US;
}

static ErrorCode fresh_init(Fresh *fresh, Error *err)
{
        RowColumn columns[PG_PARAMS_MAX];

        for (size_t i = 0; i < fresh->model->n_fields; i++) {
                const Field *field = &fresh->model->fields[i];

                if (field->kind != FIELD_COLUMN)
                        continue;
                if (fresh->n_fields == PG_PARAMS_MAX)
                        return error_set(err, ERROR_INVALID, "%s has more than %d columns",
                                         fresh->model->name, PG_PARAMS_MAX);
                if (fresh->n_fields)
                        buffer_append_string(&fresh->columns, ", ");
                sql_quote_name(&fresh->columns, field->name);
                columns[fresh->n_fields] = (RowColumn){ field->name, field->default_text };
                fresh->fields[fresh->n_fields++] = field;
        }
        fresh->fold = row_fold_new(columns, fresh->n_fields);
        fresh->changes = row_changes_new();
        return fresh->changes ? ERROR_NONE : error_no_memory(err);
}

static ErrorCode fold_event(Fresh *fresh, const AggregateType *type, const Event *event, Error *err)
{
        ErrorCode code;

        row_changes_clear(fresh->changes);
        code = event_project(&fresh->projection, type, event, fresh->model->name, fresh->changes,
                             err);
        return code ? code
                    : row_fold_apply(fresh->fold, event, fresh->changes, 0,
                                     row_changes_count(fresh->changes), &fresh->foreign, err);
}

static ErrorCode fold_log(Fresh *fresh, const AggregateType *type, int32_t partition, Error *err)
{
        int64_t after = 0;
        size_t n_events;

        do {
                _cleanup_(event_batch_freep) EventBatch *batch = NULL;
                ErrorCode code;

                code = store_read_log(fresh->conn, type->name, partition, after, READ_SIZE, &batch,
                                      deadline_us(), err);
                for (size_t i = 0; !code && i < batch->n_events; i++)
                        code = fold_event(fresh, type, &batch->events[i], err);
                if (code)
                        return code;
                n_events = batch->n_events;
                after += (int64_t)n_events;
                verify_progress(fresh->report, "folding %s: %s/%" PRId32 " at %" PRId64,
                                fresh->model->view, type->name, partition, after);
        } while (n_events == READ_SIZE);
        return ERROR_NONE;
}

static ErrorCode fold_type(Fresh *fresh, const AggregateType *type, Error *err)
{
        _cleanup_(freep) LogHead *heads = NULL;
        size_t n_heads = 0;
        ErrorCode code;

        code = store_read_heads(fresh->conn, type->name, &heads, &n_heads, deadline_us(), err);
        for (size_t i = 0; !code && i < n_heads; i++)
                code = fold_log(fresh, type, heads[i].partition, err);
        return code;
}

static ErrorCode make_table(Fresh *fresh, Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;

        buffer_printf(&sql,
                      "DROP TABLE IF EXISTS pg_temp.fresh; "
                      "CREATE TEMPORARY TABLE fresh AS SELECT %s FROM read.",
                      fresh->columns.data);
        sql_quote_name(&sql, fresh->model->view);
        buffer_append_string(&sql, " WITH NO DATA");
        return pg_exec(fresh->conn, sql.data, NULL, NULL, deadline_us(),
                       "make a table to compare with", err);
}

static void write_insert(const Fresh *fresh, Buffer *sql)
{
        buffer_printf(sql, "INSERT INTO pg_temp.fresh (%s) SELECT ", fresh->columns.data);
        for (size_t i = 0; i < fresh->n_fields; i++)
                buffer_printf(sql, "%sc%zu::%s", i ? ", " : "", i,
                              model_column_type(fresh->fields[i]));
        buffer_append_string(sql, " FROM unnest(");
        for (size_t i = 0; i < fresh->n_fields; i++)
                buffer_printf(sql, "%s$%zu::text[]", i ? ", " : "", i + 1);
        buffer_append_string(sql, ") AS row (");
        for (size_t i = 0; i < fresh->n_fields; i++)
                buffer_printf(sql, "%sc%zu", i ? ", " : "", i);
        buffer_append_char(sql, ')');
}

static void begin_rows(const Fresh *fresh, PgParams *params)
{
        pg_params_clear(params);
        for (size_t i = 0; i < fresh->n_fields; i++)
                (void)pg_params_array(params, PG_ARRAY_TEXT);
}

static ErrorCode write_rows(Fresh *fresh, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        size_t waiting = 0, n = row_fold_count(fresh->fold);
        ErrorCode code = params ? ERROR_NONE : error_no_memory(err);

        write_insert(fresh, &sql);
        for (size_t i = 0; !code && i < n; i++) {
                FoldRow row = row_fold_at(fresh->fold, i);

                if (waiting == 0)
                        begin_rows(fresh, params);
                for (size_t c = 0; row.present && c < fresh->n_fields; c++)
                        pg_array_text(params, (int)c, row.values[c]);
                waiting += row.present;
                fresh->n_rows += row.present;
                if (waiting == WRITE_SIZE || (waiting && i + 1 == n)) {
                        code = pg_exec(fresh->conn, sql.data, params, NULL, deadline_us(),
                                       "write the rows to compare with", err);
                        waiting = 0;
                }
        }
        return code;
}

/* Rows that stand on one side only, with a word for the side; the first hundred. */
static void write_compare(const Fresh *fresh, Buffer *sql)
{
        _cleanup_(buffer_deinit) Buffer texts = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer view = BUFFER_INIT;

        for (size_t i = 0; i < fresh->n_fields; i++) {
                buffer_append_string(&texts, i ? ", " : "");
                sql_quote_name(&texts, fresh->fields[i]->name);
                buffer_append_string(&texts, "::text");
        }
        sql_quote_name(&view, fresh->model->view);
        buffer_printf(
                sql,
                "WITH made AS (SELECT %s FROM pg_temp.fresh), live AS (SELECT %s FROM read.%s), "
                "missing AS (SELECT * FROM made EXCEPT ALL SELECT * FROM live), "
                "extra AS (SELECT * FROM live EXCEPT ALL SELECT * FROM made) "
                "SELECT 'should be', missing::text FROM missing UNION ALL "
                "SELECT 'is', extra::text FROM extra ORDER BY 2, 1",
                texts.data, texts.data, view.data);
}

static ErrorCode count_live(Fresh *fresh, int64_t *ret, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        ErrorCode code;

        buffer_append_string(&sql, "SELECT count(*) FROM read.");
        sql_quote_name(&sql, fresh->model->view);
        code = pg_exec(fresh->conn, sql.data, NULL, &res, deadline_us(), "count a view", err);
        if (!code)
                *ret = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
        return code;
}

static ErrorCode compare(Fresh *fresh, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        int64_t live = 0;
        ErrorCode code;

        code = make_table(fresh, err);
        if (!code)
                code = write_rows(fresh, err);
        if (!code)
                code = count_live(fresh, &live, err);
        write_compare(fresh, &sql);
        if (!code)
                code = pg_exec(fresh->conn, sql.data, NULL, &res, deadline_us(), "compare a view",
                               err);
        if (code)
                return code;
        for (int i = 0; i < PQntuples(res); i++)
                verify_problem(fresh->report, "view %s: the row %s %s", fresh->model->view,
                               PQgetvalue(res, i, 0), PQgetvalue(res, i, 1));
        verify_view_line(fresh->report, fresh->model->view, fresh->n_rows, live, PQntuples(res));
        return ERROR_NONE;
}

ErrorCode verify_view(PGconn *conn, const Model *model, VerifyReport *report, Error *err)
{
        _cleanup_(fresh_deinit) Fresh fresh = {
                .conn = conn, .model = model, .projection = EVENT_PROJECTION_INIT, .report = report
        };
        bool fed = false;
        ErrorCode code;

        code = fresh_init(&fresh, err);
        for (const AggregateType *const *type = domain_aggregates; !code && *type; type++) {
                if (!aggregate_feeds(*type, model->name))
                        continue;
                fed = true;
                code = fold_type(&fresh, *type, err);
        }
        return code || !fed ? code : compare(&fresh, err);
}
