#include "repair_write.h"

#include <assert.h>
#include <stdlib.h>

#include "common/pg/pg_params.h"
#include "event_fault.h"

ErrorCode repair_write_init(RepairWrite *write, const View *view, const FeedList *feeds,
                            RepairStore *store, Error *err)
{
        *write = (RepairWrite){ .view = view,
                                .feeds = feeds,
                                .store = store,
                                .params = pg_params_new(),
                                .rows = row_fold_new(view->columns, view->n_columns) };
        view_batch_init(&write->batch, view, NULL);
        return write->params ? ERROR_NONE : error_no_memory(err);
}

void repair_write_deinit(RepairWrite *write)
{
        pg_params_free(write->params);
        view_batch_deinit(&write->batch);
        row_fold_free(write->rows);
}

static ErrorCode run(ViewSession *session, const char *sql, Error *err)
{
        return pg_exec(view_session_conn(session), sql, NULL, NULL, view_session_deadline_us(),
                       "repair an aggregate", err);
}

/* The rows that should be there, in the order of the fold without those that are gone. */
static ErrorCode compare(RepairWrite *write, ViewSession *session, const RepairJob *job,
                         const RepairFold *fold, PGresult **ret, Error *err)
{
        PgParams *params = write->params;
        size_t n_columns = write->view->n_columns;
        int first, sequences;

        pg_params_clear(params);
        pg_params_text(params, job->aggregate_id);
        first = pg_params_array(params, PG_ARRAY_TEXT);
        for (size_t c = 1; c < n_columns; c++)
                (void)pg_params_array(params, PG_ARRAY_TEXT);
        sequences = pg_params_array(params, PG_ARRAY_INT8);
        for (size_t i = 0; i < row_fold_count(fold->rows); i++) {
                FoldRow row = row_fold_at(fold->rows, i);

                if (!row.present)
                        continue;
                for (size_t c = 0; c < n_columns; c++)
                        pg_array_text(params, first + (int)c, row.values[c]);
                pg_array_int(params, sequences, row.sequence);
        }
        return pg_exec_prepared(view_session_conn(session), "repair_differ",
                                write->view->repair_sql, params, ret, view_session_deadline_us(),
                                "compare the rows of an aggregate", err);
}

static ErrorCode apply_last(RepairWrite *write, const RepairJob *job, int64_t sequence, Error *err)
{
        Event event = { .aggregate_id = job->aggregate_id, .sequence = sequence };

        return row_fold_apply(write->rows, &event, write->batch.changes,
                              row_changes_count(write->batch.changes) - 1, 1, err);
}

static ErrorCode put_row(RepairWrite *write, const RepairJob *job, const FoldRow *row, Error *err)
{
        row_put(write->batch.changes, row->id);
        for (size_t c = 1; c < write->view->n_columns; c++)
                row_string(write->batch.changes, write->view->columns[c].name, row->values[c]);
        return apply_last(write, job, row->sequence, err);
}

static ErrorCode delete_row(RepairWrite *write, const RepairJob *job, const char *id, Error *err)
{
        const char *values[PG_PARAMS_MAX] = { NULL };

        row_fold_load(write->rows, id, job->aggregate_id, 0, values);
        row_delete(write->batch.changes, id);
        return apply_last(write, job, 0, err);
}

/* What differs, as changes that the aggregate's last event has made. */
static ErrorCode collect(RepairWrite *write, const RepairJob *job, const RepairFold *fold,
                         const PGresult *differ, Error *err)
{
        _cleanup_(freep) bool *wrong = calloc(row_fold_count(fold->rows) + 1, sizeof *wrong);
        ErrorCode code = ERROR_NONE;
        size_t n = 0;

        if (!wrong)
                return error_no_memory(err);
        for (int i = 0; !code && i < PQntuples(differ); i++) {
                if (!PQgetisnull(differ, i, 0))
                        wrong[strtoull(PQgetvalue(differ, i, 0), NULL, 10)] = true;
                else
                        code = delete_row(write, job, PQgetvalue(differ, i, 1), err);
        }
        for (size_t i = 0; !code && i < row_fold_count(fold->rows); i++) {
                FoldRow row = row_fold_at(fold->rows, i);

                if (row.present && wrong[++n])
                        code = put_row(write, job, &row, err);
        }
        return code;
}

static ErrorCode prepare(RepairWrite *write, ViewSession *session, const RepairJob *job,
                         const RepairFold *fold, int64_t *ret_changed, Error *err)
{
        _cleanup_(PQclearp) PGresult *differ = NULL;
        ErrorCode code = compare(write, session, job, fold, &differ, err);

        if (code)
                return code;
        *ret_changed = PQntuples(differ);
        view_batch_add_cause(&write->batch, job->feed, fold->position, &fold->event_id);
        return collect(write, job, fold, differ, err);
}

static ErrorCode transact(RepairWrite *write, ViewSession *session, const RepairJob *job,
                          const RepairFold *fold, const char *problem, RepairResult *ret,
                          Error *err)
{
        RepairNote note = { .replay_id = job->replay_id,
                            .aggregate_id = job->aggregate_id,
                            .problem = problem };
        RepairNoted noted = REPAIR_UNWANTED;
        ErrorCode code = run(session, "BEGIN", err);

        view_batch_clear(&write->batch);
        row_fold_clear(write->rows);
        if (!code && !problem)
                code = prepare(write, session, job, fold, &note.changed, err);
        if (!code) { /* the checkpoint stays where it is, but is held, and checked to be ours */
                feed_list_mark(write->feeds, job->feed, job->feed->position, job->feed->offset);
                code = view_session_send(session, &write->batch, write->rows, write->feeds, err);
                feed_list_mark(write->feeds, NULL, 0, 0);
        }
        if (!code)
                code = view_session_receive(session, err);
        if (!code)
                code = repair_store_note(write->store, view_session_conn(session), &note, &noted,
                                         err);
        if (code)
                return code;
        ret->changed = note.changed;
        ret->outcome = noted == REPAIR_UNWANTED ? REPAIR_NOBODY
                       : noted == REPAIR_NOTED  ? REPAIR_DONE
                                                : REPAIR_DONE_LAST;
        return run(session, noted == REPAIR_UNWANTED ? "ROLLBACK" : "COMMIT", err);
}

ErrorCode repair_write_apply(RepairWrite *write, ViewSession *session, const RepairJob *job,
                             const RepairFold *fold, const char *problem, RepairResult *ret,
                             Error *err)
{
        Error why = ERROR_INIT;
        ErrorCode code;

        *ret = (RepairResult){ .outcome = REPAIR_LATER };
        code = transact(write, session, job, fold, problem, ret, &why);
        if (code && event_fault_of_values(&why)) {
                *ret = (RepairResult){ .outcome = REPAIR_REFUSED, .refusal = why };
                return run(session, "ROLLBACK", err);
        }
        if (code == ERROR_CONFLICT)
                return run(session, "ROLLBACK", err);
        if (code)
                *err = why;
        return code;
}
