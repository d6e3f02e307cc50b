#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "common/domain/row_fold.h"
#include "common/model/model_column.h"
#include "common/model/sql_text.h"
#include "common/pg/pg_params.h"
#include "common/store/store.h"
#include "verify.h"
#include "verify_left_out.h"
#include "verify_version.h"

#define READ_SIZE   1000
#define WRITE_SIZE  1000
#define COLUMNS_MAX (PG_PARAMS_MAX - 2) /* two are hidden */

/*
 * A view made again from the events: folded in memory, put into a temporary table, compared there. All in
 * one snapshot, which holds rows and checkpoints of the same moment: the events up to there are folded, so
 * that the view may go on meanwhile.
 */
typedef struct Fresh {
        PGconn *conn;
        VerifyVersion version;
        RowFold *fold;
        RowChanges *changes;
        EventProjection projection;
        VerifyLeftOut left_out;
        Buffer columns; /* "id", "name" … and the hidden ones */
        const Field *fields[COLUMNS_MAX];
        size_t n_fields;
        int64_t n_rows;
        VerifyReport *report;
} Fresh;

static void fresh_deinit(Fresh *fresh)
{
        row_fold_free(fresh->fold);
        row_changes_free(fresh->changes);
        event_projection_deinit(&fresh->projection);
        verify_left_out_deinit(&fresh->left_out);
        verify_version_deinit(&fresh->version);
        buffer_deinit(&fresh->columns);
}

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + VERIFY_TIMEOUT_US;
}

static ErrorCode fresh_init(Fresh *fresh, Error *err)
{
        const Model *model = fresh->version.model;
        RowColumn columns[COLUMNS_MAX];

        for (size_t i = 0; i < model->n_fields; i++) {
                const Field *field = &model->fields[i];

                if (field->kind != FIELD_COLUMN)
                        continue;
                if (fresh->n_fields == COLUMNS_MAX)
                        return error_set(err, ERROR_INVALID, "%s has more than %d columns",
                                         model->name, COLUMNS_MAX);
                sql_quote_name(&fresh->columns, field->name);
                buffer_append_string(&fresh->columns, ", ");
                columns[fresh->n_fields] = (RowColumn){ field->name, field->default_text,
                                                        model_column_is_number(field) };
                fresh->fields[fresh->n_fields++] = field;
        }
        buffer_append_string(&fresh->columns, "\"_aggregate\", \"_sequence\"");
        fresh->fold = row_fold_new(columns, fresh->n_fields);
        row_fold_leave_out(fresh->fold);
        fresh->changes = row_changes_new();
        return fresh->changes ? ERROR_NONE : error_no_memory(err);
}

static ErrorCode fold_event(Fresh *fresh, const AggregateType *type, const Event *event, Error *err)
{
        ErrorCode code;

        if (verify_left_out_has(&fresh->left_out, event))
                return ERROR_NONE;
        row_changes_clear(fresh->changes);
        code = event_project(&fresh->projection, type, event, fresh->version.model->name,
                             fresh->changes, err);
        return code ? code
                    : row_fold_apply(fresh->fold, event, fresh->changes, 0,
                                     row_changes_count(fresh->changes), err);
}

/* One log partition, up to where the view is. */
static ErrorCode fold_log(Fresh *fresh, const AggregateType *type, int32_t partition, int64_t until,
                          Error *err)
{
        int64_t after = 0;

        while (after < until) {
                _cleanup_(event_batch_freep) EventBatch *batch = NULL;
                int limit = until - after < READ_SIZE ? (int)(until - after) : READ_SIZE;
                ErrorCode code;

                code = store_read_log(fresh->conn, type->name, partition, after, limit, &batch,
                                      deadline_us(), err);
                for (size_t i = 0; !code && i < batch->n_events; i++)
                        code = fold_event(fresh, type, &batch->events[i], err);
                if (code || batch->n_events == 0)
                        return code;
                after = batch->events[batch->n_events - 1].position;
                verify_progress(fresh->report, "folding %s: %s/%" PRId32 " at %" PRId64,
                                fresh->version.label.data, type->name, partition, after);
        }
        return ERROR_NONE;
}

/* Each log partition, and how far the version is in it: no position, it has not begun. */
static ErrorCode load_checkpoints(Fresh *fresh, const AggregateType *type, PGresult **ret,
                                  Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, type->name);
        buffer_printf(&sql,
                      "SELECT l.partition, c.position, l.last_position FROM event_store.logs AS l "
                      "LEFT JOIN %s AS c USING (aggregate_type, partition) "
                      "WHERE l.aggregate_type = $1 ORDER BY l.partition",
                      fresh->version.checkpoint.data);
        return pg_exec(fresh->conn, sql.data, params, ret, deadline_us(), "look how far a view is",
                       err);
}

static ErrorCode fold_type(Fresh *fresh, const AggregateType *type, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = load_checkpoints(fresh, type, &res, err);

        for (int i = 0; !code && i < PQntuples(res); i++) {
                int32_t partition = (int32_t)strtol(PQgetvalue(res, i, 0), NULL, 10);
                int64_t until = strtoll(PQgetvalue(res, i, 1), NULL, 10);

                if (fresh->version.live && PQgetisnull(res, i, 1) &&
                    strcmp(PQgetvalue(res, i, 2), "0") != 0)
                        verify_problem(fresh->report, "view %s: it has not begun with %s/%" PRId32,
                                       fresh->version.label.data, type->name, partition);
                code = fold_log(fresh, type, partition, until, err);
        }
        return code;
}

static ErrorCode make_table(Fresh *fresh, Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;

        buffer_printf(&sql, "CREATE TEMPORARY TABLE fresh AS SELECT %s FROM %s WITH NO DATA",
                      fresh->columns.data, fresh->version.table.data);
        return pg_exec(fresh->conn, sql.data, NULL, NULL, deadline_us(),
                       "make a table to compare with", err);
}

static void write_insert(const Fresh *fresh, Buffer *sql)
{
        buffer_printf(sql, "INSERT INTO pg_temp.fresh (%s) SELECT ", fresh->columns.data);
        for (size_t i = 0; i < fresh->n_fields; i++) {
                char name[24];

                (void)snprintf(name, sizeof name, "c%zu", i);
                model_column_from_text(sql, fresh->fields[i], name);
                buffer_append_string(sql, ", ");
        }
        buffer_append_string(sql, "aggregate, sequence FROM unnest(");
        for (size_t i = 0; i < fresh->n_fields; i++)
                buffer_printf(sql, "$%zu::text[], ", i + 1);
        buffer_printf(sql, "$%zu::text[], $%zu::int8[]) AS row (", fresh->n_fields + 1,
                      fresh->n_fields + 2);
        for (size_t i = 0; i < fresh->n_fields; i++)
                buffer_printf(sql, "c%zu, ", i);
        buffer_append_string(sql, "aggregate, sequence)");
}

static void begin_rows(const Fresh *fresh, PgParams *params)
{
        pg_params_clear(params);
        for (size_t i = 0; i < fresh->n_fields + 1; i++)
                (void)pg_params_array(params, PG_ARRAY_TEXT);
        (void)pg_params_array(params, PG_ARRAY_INT8);
}

static void add_row(const Fresh *fresh, PgParams *params, const FoldRow *row)
{
        size_t c = 0;

        for (; c < fresh->n_fields; c++)
                pg_array_text(params, (int)c, row->values[c]);
        pg_array_text(params, (int)c, row->aggregate);
        pg_array_int(params, (int)c + 1, row->sequence);
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
                if (row.present)
                        add_row(fresh, params, &row);
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

/* Rows that stand on one side only, with a word for the side and how many there are; the first hundred. */
static void write_compare(const Fresh *fresh, Buffer *sql)
{
        _cleanup_(buffer_deinit) Buffer texts = BUFFER_INIT;

        for (size_t i = 0; i < fresh->n_fields; i++) {
                sql_quote_name(&texts, fresh->fields[i]->name);
                buffer_append_string(&texts, "::text, ");
        }
        buffer_append_string(&texts, "\"_aggregate\", \"_sequence\"");
        buffer_printf(sql,
                      "WITH made AS (SELECT %s FROM pg_temp.fresh), live AS (SELECT %s FROM %s), "
                      "missing AS (SELECT * FROM made EXCEPT ALL SELECT * FROM live), "
                      "extra AS (SELECT * FROM live EXCEPT ALL SELECT * FROM made), "
                      "different (side, row) AS (SELECT 'should be', missing::text FROM missing "
                      "UNION ALL SELECT 'is', extra::text FROM extra) "
                      "SELECT side, row, count(*) OVER () FROM different ORDER BY 2, 1 LIMIT 100",
                      texts.data, texts.data, fresh->version.table.data);
}

static ErrorCode count_live(Fresh *fresh, int64_t *ret, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        ErrorCode code;

        buffer_printf(&sql, "SELECT count(*) FROM %s", fresh->version.table.data);
        code = pg_exec(fresh->conn, sql.data, NULL, &res, deadline_us(), "count a view", err);
        if (!code)
                *ret = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
        return code;
}

static ErrorCode compare(Fresh *fresh, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        int64_t live = 0, different;
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
                verify_problem(fresh->report, "view %s: the row %s %s", fresh->version.label.data,
                               PQgetvalue(res, i, 0), PQgetvalue(res, i, 1));
        different = PQntuples(res) ? strtoll(PQgetvalue(res, 0, 2), NULL, 10) : 0;
        verify_view_line(fresh->report,
                         &(VerifyViewLine){ .view = fresh->version.view,
                                            .version = fresh->version.version,
                                            .state = fresh->version.state,
                                            .expected = fresh->n_rows,
                                            .rows = live,
                                            .different = different,
                                            .parked = PQntuples(fresh->left_out.parked),
                                            .dropped = PQntuples(fresh->left_out.dropped) });
        return ERROR_NONE;
}

/* What the version leaves out is left out of the fold too, and told; of one that is kept nothing more can come. */
static ErrorCode load_left_out(Fresh *fresh, Error *err)
{
        const VerifyVersion *version = &fresh->version;
        ErrorCode code = verify_left_out_load(&fresh->left_out, fresh->conn, version->view,
                                              version->version, deadline_us(), err);

        if (!code && PQntuples(fresh->left_out.parked) && strcmp(version->state, "retired") != 0)
                verify_problem(fresh->report,
                               "view %s: parked: %d aggregates, whose rows are behind",
                               version->label.data, PQntuples(fresh->left_out.parked));
        return code;
}

static ErrorCode statement(PGconn *conn, const char *sql, Error *err)
{
        return pg_exec(conn, sql, NULL, NULL, deadline_us(), "take a snapshot", err);
}

/* This program is older than the projector, or the projection was taken out and the version left there: whether its rows
 * are right, only the program that feeds it can tell. */
static void tell_unfed(const Fresh *fresh)
{
        const VerifyVersion *version = &fresh->version;

        verify_view_line(fresh->report, &(VerifyViewLine){ .view = version->view,
                                                           .version = version->version,
                                                           .state = version->state,
                                                           .not_compared = true });
        if (strcmp(version->state, "retired") != 0)
                verify_problem(
                        fresh->report,
                        "view %s: not compared: no projection of this program makes its rows",
                        version->label.data);
}

static ErrorCode fold_all(Fresh *fresh, Error *err)
{
        bool fed = false;
        ErrorCode code = fresh_init(fresh, err);

        if (!code)
                code = load_left_out(fresh, err);
        for (const AggregateType *const *type = domain_aggregates; !code && *type; type++) {
                if (!aggregate_feeds(*type, fresh->version.model->name))
                        continue;
                fed = true;
                code = fold_type(fresh, *type, err);
        }
        if (code)
                return code;
        if (fed)
                return compare(fresh, err);
        tell_unfed(fresh);
        return ERROR_NONE;
}

ErrorCode verify_view(PGconn *conn, const char *view, int version, const Schema *schema,
                      VerifyReport *report, Error *err)
{
        _cleanup_(fresh_deinit) Fresh fresh = { .conn = conn,
                                                .projection = EVENT_PROJECTION_INIT,
                                                .report = report };
        ErrorCode code = statement(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ", err), rolled_back;

        if (!code)
                code = verify_version_load(&fresh.version, conn, view, version, schema,
                                           deadline_us(), err);
        if (!code)
                code = fold_all(&fresh, err);
        if (code && code != ERROR_NOT_FOUND) /* the connection is of no more use */
                return code;
        rolled_back = statement(conn, "ROLLBACK", err); /* with it goes the temporary table */
        return rolled_back ? rolled_back : code;
}
