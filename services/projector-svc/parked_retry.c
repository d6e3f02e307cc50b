#include "parked_retry.h"

#include "common/store/store.h"
#include "event_fault.h"

#define EVENTS_MAX 200 /* of a transaction */

/* What one transaction works on. */
typedef struct Work {
        ParkedRetry *retry;
        ParkedStore *store;
        ViewSession *session;
        PGconn *conn;
        Feed *feed;
        const char *aggregate_id;
        ParkedWish wish;
        EventBatch *events; /* one more than fit, to know what comes next */
        size_t n_held;      /* of them, not beyond the view's position */
        size_t n_applied;
        Error failure; /* of the event behind those, unless it was not tried */
        ParkedOutcome outcome;
} Work;

void parked_retry_init(ParkedRetry *retry, const View *view, const FeedList *feeds)
{
        *retry = (ParkedRetry){ .feeds = feeds,
                                .fold = row_fold_new(view->columns, view->n_columns) };
        view_batch_init(&retry->batch, view, NULL);
}

void parked_retry_deinit(ParkedRetry *retry)
{
        view_batch_deinit(&retry->batch);
        row_fold_free(retry->fold);
}

static ErrorCode run(const Work *work, const char *sql, Error *err)
{
        return pg_exec(work->conn, sql, NULL, NULL, view_session_deadline_us(), "apply held events",
                       err);
}

static ErrorCode read_held(Work *work, Error *err)
{
        int64_t after = work->wish.sequence - (work->wish.drop ? 0 : 1);
        ErrorCode code = store_read_stream(work->conn, work->feed->aggregate->name,
                                           work->aggregate_id, after, EVENTS_MAX + 1, &work->events,
                                           view_session_deadline_us(), err);

        while (!code && work->n_held < work->events->n_events &&
               work->events->events[work->n_held].position <= work->feed->position)
                work->n_held++;
        return code;
}

/* What the first @n events change; fewer when one of them cannot be projected. */
static size_t project(Work *work, size_t n)
{
        ViewBatch *batch = &work->retry->batch;

        view_batch_clear(batch);
        for (size_t i = 0; i < n; i++)
                if (view_batch_add_held(batch, work->feed, &work->events->events[i],
                                        &work->failure))
                        return i;
        return n;
}

/* Write what is in the batch; the checkpoint stays where it is, but is checked to be ours. */
static ErrorCode write(Work *work, size_t *ret_culprit, Error *err)
{
        ParkedRetry *retry = work->retry;
        const ViewBatch *batch = &retry->batch;
        ErrorCode code;

        row_fold_clear(retry->fold);
        code = view_session_load(work->session, batch, 0, batch->n_items, retry->fold, err);
        if (!code)
                code = view_batch_fold(batch, 0, batch->n_items, retry->fold, ret_culprit, err);
        if (!code)
                code = view_session_send(work->session, batch, retry->fold, retry->feeds, false,
                                         err);
        return code ? code : view_session_receive(work->session, err);
}

/* Apply the first held events, as many as can be. */
static ErrorCode apply(Work *work, Error *err)
{
        /* Another one stays, to know which, when there are more than were read. */
        size_t most = work->events->more ? work->events->n_events - 1 : EVENTS_MAX;
        size_t n = work->n_held < most ? work->n_held : most;
        ErrorCode code = ERROR_NONE;

        while (!code) {
                size_t culprit = SIZE_MAX;
                Error fault = ERROR_INIT;

                n = project(work, n);
                code = run(work, "SAVEPOINT held", err);
                if (code)
                        break;
                code = write(work, &culprit, &fault);
                if (!code)
                        break;
                if (culprit == SIZE_MAX && !event_fault_of_values(&fault)) {
                        if (err)
                                *err = fault;
                        return code;
                }
                code = run(work, "ROLLBACK TO held", err);
                work->failure = ERROR_INIT;
                if (culprit != SIZE_MAX || n == 1) {
                        work->failure = fault;
                        n = culprit != SIZE_MAX ? culprit : 0;
                } else {
                        n /= 2;
                }
        }
        work->n_applied = n;
        return code;
}

static ErrorCode settle(Work *work, Error *err)
{
        ParkedStore *store = work->store;
        const Event *next = &work->events->events[work->n_applied];
        bool first = work->n_applied == 0 && !work->wish.drop;
        ErrorCode code;

        if (work->n_applied == work->n_held) {
                work->outcome = PARKED_DONE;
                return parked_store_remove(store, work->conn, work->feed, work->aggregate_id, err);
        }
        if (!work->failure.code) {
                code = parked_store_move(store, work->conn, next, NULL, 0, err);
                work->outcome = PARKED_MORE;
        } else {
                code = parked_store_move(store, work->conn, next, work->failure.message,
                                         first ? work->wish.tries + 1 : 1, err);
                work->outcome = PARKED_STAYS;
        }
        return code;
}

static ErrorCode transact(Work *work, Error *err)
{
        ParkedStore *store = work->store;
        ErrorCode code = parked_store_lock(store, work->conn, work->feed, work->aggregate_id,
                                           &work->wish, err);

        if (code || !work->wish.any)
                return code;
        if (work->wish.drop)
                code = parked_store_drop(store, work->conn, work->feed, work->aggregate_id, err);
        if (!code)
                code = read_held(work, err);
        if (!code)
                code = apply(work, err);
        return code ? code : settle(work, err);
}

ErrorCode parked_retry_step(ParkedRetry *retry, ParkedStore *store, ViewSession *session,
                            Feed *feed, const char *aggregate_id, ParkedStep *ret, Error *err)
{
        Work work = { .retry = retry,
                      .store = store,
                      .session = session,
                      .conn = view_session_conn(session),
                      .feed = feed,
                      .aggregate_id = aggregate_id };
        ErrorCode code = run(&work, "BEGIN", err);

        if (code)
                return code;
        feed_list_mark(retry->feeds, feed, feed->position, feed->offset);
        code = transact(&work, err);
        feed_list_mark(retry->feeds, NULL, 0, 0);
        event_batch_free(work.events);
        *ret = (ParkedStep){ .outcome = PARKED_NOTHING };
        if (code)
                return code == ERROR_CONFLICT ? run(&work, "ROLLBACK", err) : code;
        code = run(&work, "COMMIT", err);
        if (!code)
                *ret = (ParkedStep){ .outcome = work.outcome,
                                     .dropped = work.wish.any && work.wish.drop,
                                     .failure = work.failure };
        return code;
}
