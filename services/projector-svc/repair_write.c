#include "repair_write.h"

#include <stdlib.h>
#include <string.h>

#include "common/pg/pg_params.h"
#include "event_fault.h"

/* What one transaction works on. */
typedef struct Work {
        RepairWrite *write;
        ViewSession *session;
        const RepairJob *jobs;
        size_t n_jobs;
        const RepairFold *fold;
        size_t *made; /* which rows of the fold were compared, in order */
        int64_t changed;
} Work;

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
                       "repair aggregates", err);
}

/* The job whose rows @aggregate has; NULL when they are not to be touched. @last: the rows of one follow each other. */
static const RepairJob *job_of(const Work *work, const char *aggregate, const RepairJob *last)
{
        if (last && strcmp(last->aggregate_id, aggregate) == 0)
                return last;
        for (size_t i = 0; i < work->n_jobs; i++)
                if (!work->jobs[i].problem && strcmp(work->jobs[i].aggregate_id, aggregate) == 0)
                        return &work->jobs[i];
        return NULL;
}

static void add_jobs(const Work *work)
{
        int ids = pg_params_array(work->write->params, PG_ARRAY_TEXT);

        for (size_t i = 0; i < work->n_jobs; i++)
                if (!work->jobs[i].problem)
                        pg_array_text(work->write->params, ids, work->jobs[i].aggregate_id);
}

static void add_rows(Work *work)
{
        PgParams *params = work->write->params;
        size_t n_columns = work->write->view->n_columns, n = 0;
        int first = pg_params_array(params, PG_ARRAY_TEXT), aggregates, sequences;
        const RepairJob *job = NULL;

        for (size_t c = 1; c < n_columns; c++)
                (void)pg_params_array(params, PG_ARRAY_TEXT);
        aggregates = pg_params_array(params, PG_ARRAY_TEXT);
        sequences = pg_params_array(params, PG_ARRAY_INT8);
        for (size_t i = 0; i < row_fold_count(work->fold->rows); i++) {
                FoldRow row = row_fold_at(work->fold->rows, i);

                job = job_of(work, row.aggregate, job);
                if (!row.present || !job)
                        continue;
                for (size_t c = 0; c < n_columns; c++)
                        pg_array_text(params, first + (int)c, row.values[c]);
                pg_array_text(params, aggregates, row.aggregate);
                pg_array_int(params, sequences, row.sequence);
                work->made[n++] = i;
        }
}

static ErrorCode compare(Work *work, PGresult **ret, Error *err)
{
        pg_params_clear(work->write->params);
        add_jobs(work);
        add_rows(work);
        return pg_exec_prepared(view_session_conn(work->session), "repair_differ",
                                work->write->view->repair_sql, work->write->params, ret,
                                view_session_deadline_us(), "compare the rows of aggregates", err);
}

/* The last change of the batch is made, and the event behind it is the last one of its aggregate. */
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

        row_fold_load(write->rows, id, job->aggregate_id, 0, values, "");
        row_delete(write->batch.changes, id);
        return apply_last(write, job, 0, err);
}

/* One row that differs; they come by aggregate, and each aggregate's changes follow their cause. */
static ErrorCode collect(Work *work, const PGresult *differ, int i, Error *err)
{
        RepairWrite *write = work->write;
        bool is_made = !PQgetisnull(differ, i, 0);
        FoldRow row = { .aggregate = PQgetvalue(differ, i, 2) };
        const RepairJob *job;

        if (is_made)
                row = row_fold_at(work->fold->rows,
                                  work->made[strtoull(PQgetvalue(differ, i, 0), NULL, 10) - 1]);
        job = job_of(work, row.aggregate, write->job);
        if (!job)
                return error_set(err, ERROR_INTERNAL, "a row of another aggregate differs");
        if (job != write->job)
                view_batch_add_cause(&write->batch, job->feed, job->position, &job->event_id);
        write->job = job;
        return is_made ? put_row(write, job, &row, err)
                       : delete_row(write, job, PQgetvalue(differ, i, 1), err);
}

/* A row's sequence may have been damaged, too. */
static ErrorCode lower(Work *work, const PGresult *differ, Error *err)
{
        PgParams *params = work->write->params;
        int ids, aggregates;
        bool any = false;

        pg_params_clear(params);
        ids = pg_params_array(params, PG_ARRAY_TEXT);
        aggregates = pg_params_array(params, PG_ARRAY_TEXT);
        for (int i = 0; i < PQntuples(differ); i++) {
                if (PQgetvalue(differ, i, 3)[0] != 't')
                        continue;
                pg_array_text(params, ids, PQgetvalue(differ, i, 1));
                pg_array_text(params, aggregates, PQgetvalue(differ, i, 2));
                any = true;
        }
        return any ? pg_exec_prepared(view_session_conn(work->session), "repair_lower",
                                      work->write->view->repair_lower_sql, params, NULL,
                                      view_session_deadline_us(), "repair a row's sequence", err)
                   : ERROR_NONE;
}

static ErrorCode prepare(Work *work, Error *err)
{
        _cleanup_(PQclearp) PGresult *differ = NULL;
        ErrorCode code = compare(work, &differ, err);

        if (!code)
                code = lower(work, differ, err);
        for (int i = 0; !code && i < PQntuples(differ); i++)
                code = collect(work, differ, i, err);
        if (!code)
                work->changed = PQntuples(differ);
        return code;
}

/* Write what is in the batch; the checkpoint stays where it is, but is held, and checked to be ours. */
static ErrorCode write_rows(const Work *work, Error *err)
{
        RepairWrite *write = work->write;
        Feed *feed = work->jobs->feed;
        ErrorCode code;

        feed_list_mark(write->feeds, feed, feed->position, feed->offset);
        code = view_session_send(work->session, &write->batch, write->rows, write->feeds, false,
                                 err);
        feed_list_mark(write->feeds, NULL, 0, 0);
        return code ? code : view_session_receive(work->session, err);
}

static ErrorCode transact(Work *work, RepairOutcome *ret, Error *err)
{
        RepairWrite *write = work->write;
        RepairNoted noted = REPAIR_UNWANTED;
        ErrorCode code = run(work->session, "BEGIN", err);

        view_batch_clear(&write->batch);
        row_fold_clear(write->rows);
        write->job = NULL;
        if (!code)
                code = prepare(work, err);
        if (!code)
                code = write_rows(work, err);
        if (!code)
                code = repair_store_note(write->store, view_session_conn(work->session), work->jobs,
                                         work->n_jobs, work->changed, &noted, err);
        if (!code)
                code = run(work->session, noted == REPAIR_UNWANTED ? "ROLLBACK" : "COMMIT", err);
        if (!code)
                *ret = noted == REPAIR_UNWANTED ? REPAIR_NOBODY
                       : noted == REPAIR_NOTED  ? REPAIR_DONE
                                                : REPAIR_DONE_LAST;
        return code;
}

ErrorCode repair_write_apply(RepairWrite *write, ViewSession *session, const RepairJob *jobs,
                             size_t n, const RepairFold *fold, RepairResult *ret, Error *err)
{
        _cleanup_(freep) size_t *made = calloc(row_fold_count(fold->rows) + 1, sizeof *made);
        Work work = { .write = write,
                      .session = session,
                      .jobs = jobs,
                      .n_jobs = n,
                      .fold = fold,
                      .made = made };
        Error why = ERROR_INIT;
        ErrorCode code;

        if (!made)
                return error_no_memory(err);
        *ret = (RepairResult){ .outcome = REPAIR_LATER };
        code = transact(&work, &ret->outcome, &why);
        ret->changed = work.changed;
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
