#include "repair_fold.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/store/store.h"
#include "view_session.h"

#define PAGE_EVENTS 500
#define ROWS_MAX    200000 /* held in memory, also those that an aggregate had once */

void repair_fold_init(RepairFold *fold, const View *view, RepairStore *store)
{
        *fold = (RepairFold){ .view = view,
                              .store = store,
                              .rows = row_fold_new(view->columns, view->n_columns),
                              .changes = row_changes_new(),
                              .projection = EVENT_PROJECTION_INIT };
        row_fold_leave_out(fold->rows);
}

void repair_fold_deinit(RepairFold *fold)
{
        row_fold_free(fold->rows);
        row_changes_free(fold->changes);
        event_projection_deinit(&fold->projection);
}

void repair_fold_clear(RepairFold *fold)
{
        row_fold_clear(fold->rows);
}

static bool is_dropped(const PGresult *dropped, int64_t sequence)
{
        for (int i = 0; i < PQntuples(dropped); i++)
                if (strtoll(PQgetvalue(dropped, i, 0), NULL, 10) == sequence)
                        return true;
        return false;
}

static ErrorCode fold_event(RepairFold *fold, const Feed *feed, const Event *event, Error *err)
{
        ErrorCode code;

        row_changes_clear(fold->changes);
        code = event_project(&fold->projection, feed->aggregate, event, fold->view->model->name,
                             fold->changes, err);
        return code ? code
                    : row_fold_apply(fold->rows, event, fold->changes, 0,
                                     row_changes_count(fold->changes), err);
}

static ErrorCode fold_events(RepairFold *fold, RepairJob *job, const EventBatch *events, size_t n,
                             const PGresult *dropped, Error *ret_problem)
{
        for (size_t i = 0; i < n; i++) {
                const Event *event = &events->events[i];
                Error why = ERROR_INIT;

                if (!is_dropped(dropped, event->sequence) &&
                    fold_event(fold, job->feed, event, &why))
                        return error_set(ret_problem, why.code, "event %" PRId64 " (%s): %s",
                                         event->sequence, event->type, why.message);
                job->sequence = event->sequence;
                job->position = event->position;
                job->event_id = event->id;
        }
        if (row_fold_count(fold->rows) > ROWS_MAX)
                return error_set(ret_problem, ERROR_INVALID,
                                 "it has more than %d rows: rebuild the view", ROWS_MAX);
        return ERROR_NONE;
}

ErrorCode repair_fold_page(RepairFold *fold, PGconn *conn, RepairJob *job, bool *ret_done,
                           Error *ret_problem, Error *err)
{
        _cleanup_(event_batch_freep) EventBatch *events = NULL;
        _cleanup_(PQclearp) PGresult *dropped = NULL;
        size_t n = 0;
        ErrorCode code = store_read_stream(conn, job->feed->aggregate->name, job->aggregate_id,
                                           job->sequence, PAGE_EVENTS, &events,
                                           view_session_deadline_us(), err);

        if (code)
                return code;
        while (n < events->n_events && events->events[n].position <= job->feed->position)
                n++;
        *ret_done = n < events->n_events || !events->more;
        if (n == 0)
                return ERROR_NONE;
        code = repair_store_dropped(fold->store, conn, job, events->events[n - 1].sequence,
                                    &dropped, err);
        if (!code && fold_events(fold, job, events, n, dropped, ret_problem))
                *ret_done = true;
        return code;
}
