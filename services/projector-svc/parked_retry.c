#include "parked_retry.h"

#include "common/store/store.h"
#include "event_fault.h"

#define EVENTS_MAX 200 /* of a transaction */

/* What one transaction works on. */
typedef struct Step {
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
} Step;

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

static ErrorCode run(const Step *step, const char *sql, Error *err)
{
        return pg_exec(step->conn, sql, NULL, NULL, view_session_deadline_us(), "apply held events",
                       err);
}

static ErrorCode read_held(Step *step, Error *err)
{
        int64_t after = step->wish.sequence - (step->wish.drop ? 0 : 1);
        ErrorCode code = store_read_stream(step->conn, step->feed->aggregate->name,
                                           step->aggregate_id, after, EVENTS_MAX + 1, &step->events,
                                           view_session_deadline_us(), err);

        while (!code && step->n_held < step->events->n_events &&
               step->events->events[step->n_held].position <= step->feed->position)
                step->n_held++;
        return code;
}

/* What the first @n events change; fewer when one of them cannot be projected. */
static size_t project(Step *step, size_t n)
{
        ViewBatch *batch = &step->retry->batch;

        view_batch_clear(batch);
        for (size_t i = 0; i < n; i++)
                if (view_batch_add_held(batch, step->feed, &step->events->events[i],
                                        &step->failure))
                        return i;
        return n;
}

/* Write what is in the batch; the checkpoint stays where it is, but is checked to be ours. */
static ErrorCode write(Step *step, size_t *ret_culprit, Error *err)
{
        ParkedRetry *retry = step->retry;
        const ViewBatch *batch = &retry->batch;
        ErrorCode code;

        row_fold_clear(retry->fold);
        code = view_session_load(step->session, batch, 0, batch->n_items, retry->fold, err);
        if (!code)
                code = view_batch_fold(batch, 0, batch->n_items, retry->fold, ret_culprit, err);
        if (!code)
                code = view_session_send(step->session, retry->fold, retry->feeds, err);
        return code ? code : view_session_receive(step->session, err);
}

/* Apply the first held events, as many as can be. */
static ErrorCode apply(Step *step, Error *err)
{
        size_t n = step->n_held < EVENTS_MAX ? step->n_held : EVENTS_MAX;
        ErrorCode code = ERROR_NONE;

        while (!code) {
                size_t culprit = SIZE_MAX;
                Error fault = ERROR_INIT;

                n = project(step, n);
                code = run(step, "SAVEPOINT held", err);
                if (code)
                        break;
                code = write(step, &culprit, &fault);
                if (!code)
                        break;
                if (culprit == SIZE_MAX && !event_fault_of_values(&fault)) {
                        if (err)
                                *err = fault;
                        return code;
                }
                code = run(step, "ROLLBACK TO held", err);
                step->failure = ERROR_INIT;
                if (culprit != SIZE_MAX || n == 1) {
                        step->failure = fault;
                        n = culprit != SIZE_MAX ? culprit : 0;
                } else {
                        n /= 2;
                }
        }
        step->n_applied = n;
        return code;
}

static ErrorCode settle(Step *step, Error *err)
{
        ParkedStore *store = step->store;
        const Event *next = &step->events->events[step->n_applied];
        bool first = step->n_applied == 0 && !step->wish.drop;
        ErrorCode code;

        if (step->n_applied == step->n_held) {
                step->outcome = PARKED_DONE;
                return parked_store_remove(store, step->conn, step->feed, step->aggregate_id, err);
        }
        if (!step->failure.code) {
                code = parked_store_move(store, step->conn, next, NULL, 0, err);
                step->outcome = PARKED_MORE;
        } else {
                code = parked_store_move(store, step->conn, next, step->failure.message,
                                         first ? step->wish.tries + 1 : 1, err);
                step->outcome = PARKED_STAYS;
        }
        return code;
}

static ErrorCode transact(Step *step, Error *err)
{
        ParkedStore *store = step->store;
        ErrorCode code = parked_store_lock(store, step->conn, step->feed, step->aggregate_id,
                                           &step->wish, err);

        if (code || !step->wish.any)
                return code;
        if (step->wish.drop)
                code = parked_store_drop(store, step->conn, step->feed, step->aggregate_id, err);
        if (!code)
                code = read_held(step, err);
        if (!code)
                code = apply(step, err);
        return code ? code : settle(step, err);
}

ErrorCode parked_retry_step(ParkedRetry *retry, ParkedStore *store, ViewSession *session,
                            Feed *feed, const char *aggregate_id, ParkedOutcome *ret,
                            bool *ret_dropped, Error *ret_failure, Error *err)
{
        Step step = { .retry = retry,
                      .store = store,
                      .session = session,
                      .conn = view_session_conn(session),
                      .feed = feed,
                      .aggregate_id = aggregate_id };
        ErrorCode code = run(&step, "BEGIN", err);

        if (code)
                return code;
        feed_list_mark(retry->feeds, feed, feed->position, feed->offset);
        code = transact(&step, err);
        feed_list_mark(retry->feeds, NULL, 0, 0);
        event_batch_free(step.events);
        if (code) {
                *ret = PARKED_NOTHING;
                *ret_dropped = false;
                return code == ERROR_CONFLICT ? run(&step, "ROLLBACK", err) : code;
        }
        *ret = step.outcome;
        *ret_dropped = step.wish.any && step.wish.drop;
        *ret_failure = step.failure;
        return run(&step, "COMMIT", err);
}
