#include "view_writer.h"

#include <assert.h>
#include <string.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "event_fault.h"

#define TOLD_MAX       8 /* lines about fields that were left out */
#define CONFLICT_TRIES 5

/* What every try needs. */
typedef struct Apply {
        ViewWriter *writer;
        ViewSession *session;
        ViewBatch *batch;
} Apply;

void view_writer_init(ViewWriter *writer, const View *view, const FeedList *feeds,
                      ViewMetrics *metrics, ViewWriterHold hold, void *owner)
{
        *writer = (ViewWriter){ .metrics = metrics,
                                .feeds = feeds,
                                .fold = row_fold_new(view->columns, view->n_columns),
                                .hold = hold,
                                .owner = owner };
        row_fold_leave_out(writer->fold);
}

void view_writer_deinit(ViewWriter *writer)
{
        row_fold_free(writer->fold);
}

void view_writer_abandon(ViewWriter *writer)
{
        writer->batch = NULL;
}

/* Mark where items [@from, @to) bring each feed; how many there are. */
static size_t mark(const Apply *apply, size_t from, size_t to)
{
        size_t n = 0;

        for (size_t i = 0; i < apply->writer->feeds->n_feeds; i++)
                apply->writer->feeds->feeds[i]->mark_position = 0;
        for (size_t i = from; i < to; i++) {
                const BatchItem *item = &apply->batch->items[i];
                Feed *feed = item->feed;

                if (item->dropped)
                        continue;
                if (!feed->mark_position)
                        feed->mark_offset = feed->offset;
                feed->mark_position = item->position;
                if (item->next_offset >= 0)
                        feed->mark_offset = item->next_offset;
                n++;
        }
        return n;
}

/* Projections may know more fields than the version has: that is said, and no fault. */
static void tell_left_out(const Apply *apply)
{
        ViewWriter *writer = apply->writer;
        const char *field = row_fold_left_out(writer->fold);

        if (!field || field == writer->told || writer->n_told++ >= TOLD_MAX)
                return;
        writer->told = field;
        log_warning("field-left-out",
                    "%s version %d: a projection sets \"%s\", which is no field of its schema",
                    apply->batch->view->model->view, apply->batch->view->version, field);
}

/* It is committed. */
static void settle(const Apply *apply, size_t from, size_t to)
{
        ViewMetrics *metrics = apply->writer->metrics;
        int64_t now_us = clock_now_us();
        bool shows = apply->batch->view->role == VIEW_LIVE;

        for (size_t i = 0; i < apply->writer->feeds->n_feeds; i++) {
                Feed *feed = apply->writer->feeds->feeds[i];

                if (!feed->mark_position)
                        continue;
                feed->position = feed->mark_position;
                feed->offset = feed->mark_offset;
                feed->mark_position = 0;
                if (feed->source == FEED_HELD)
                        continue; /* at an event behind these */
                feed->held_by_event = false;
                backoff_reset(&feed->backoff);
        }
        tell_left_out(apply);
        metric_add(metrics->batches, 1);
        metric_observe_us(metrics->apply_time, clock_monotonic_us() - apply->writer->begun_us);
        metric_add(metrics->events, (int64_t)apply->writer->n_events);
        for (size_t i = from; i < to; i++) {
                const BatchItem *item = &apply->batch->items[i];

                if (shows && !item->dropped && item->stored_us)
                        metric_observe_us(metrics->visible_time, now_us - item->stored_us);
        }
}

/* One transaction, up to its answer. @copies: rows that seem to be new are copied, which may fail. @ret_culprit is set
 * when the fold knows which item is to blame. NOLINTNEXTLINE(readability-function-size): what, how, who is to blame */
static ErrorCode send_range(const Apply *apply, size_t from, size_t to, bool copies,
                            size_t *ret_culprit, Error *err)
{
        ViewWriter *writer = apply->writer;
        ErrorCode code;

        writer->n_events = mark(apply, from, to);
        if (writer->n_events == 0)
                return ERROR_NONE;
        writer->begun_us = clock_monotonic_us();
        row_fold_clear(writer->fold);
        code = view_session_load(apply->session, apply->batch, from, to, writer->fold, err);
        if (!code)
                code = view_batch_fold(apply->batch, from, to, writer->fold, ret_culprit, err);
        return code ? code
                    : view_session_send(apply->session, apply->batch, writer->fold, writer->feeds,
                                        copies, err);
}

static ErrorCode receive_range(const Apply *apply, size_t from, size_t to, Error *err)
{
        ErrorCode code;

        if (apply->writer->n_events == 0)
                return ERROR_NONE;
        code = view_session_receive(apply->session, err);
        if (!code)
                settle(apply, from, to);
        return code;
}

static ErrorCode write_range(const Apply *apply, size_t from, size_t to, size_t *ret_culprit,
                             Error *err)
{
        ErrorCode code = send_range(apply, from, to, false, ret_culprit, err);

        return code ? code : receive_range(apply, from, to, err);
}

/* Deadlocks with another view's or instance's transaction pass. */
static ErrorCode write_range_patiently(const Apply *apply, size_t from, size_t to,
                                       size_t *ret_culprit, Error *err)
{
        Backoff backoff = BACKOFF_INIT(5 * US_PER_MS, 100 * US_PER_MS);
        ErrorCode code;

        for (int tries = 1;; tries++) {
                *err = ERROR_INIT;
                code = write_range(apply, from, to, ret_culprit, err);
                if (code != ERROR_CONFLICT || tries == CONFLICT_TRIES)
                        return code;
                clock_wait_us(backoff_next_us(&backoff));
        }
}

static void hold(const Apply *apply, size_t culprit, const Error *err)
{
        Feed *feed = apply->batch->items[culprit].feed;

        view_batch_drop_feed(apply->batch, feed, culprit);
        apply->writer->hold(apply->writer->owner, feed, err);
}

/* Items [@from, @to), in halves when they do not fit. NOLINTNEXTLINE(misc-no-recursion): log2 of a batch */
static ErrorCode apply_range(const Apply *apply, size_t from, size_t to, Error *err)
{
        size_t culprit = SIZE_MAX, middle = from + (to - from) / 2;
        ErrorCode code = write_range_patiently(apply, from, to, &culprit, err);

        if (code && culprit != SIZE_MAX) {
                hold(apply, culprit, err);
                return apply_range(apply, from, to, err);
        }
        if (!code || !event_fault_of_values(err))
                return code;
        if (to - from == 1) {
                hold(apply, from, err);
                return ERROR_NONE;
        }
        code = apply_range(apply, from, middle, err);
        return code ? code : apply_range(apply, middle, to, err);
}

/* Whether another try, or a try with less, can help. */
static bool can_try_again(ErrorCode code, const Error *err, size_t culprit)
{
        return code == ERROR_CONFLICT || culprit != SIZE_MAX || event_fault_of_values(err);
}

ErrorCode view_writer_begin(ViewWriter *writer, ViewSession *session, ViewBatch *batch, Error *err)
{
        Apply apply = { .writer = writer, .session = session, .batch = batch };
        size_t culprit = SIZE_MAX;
        ErrorCode code;

        assert(!writer->batch);

        if (batch->n_items == 0)
                return ERROR_NONE;
        code = send_range(&apply, 0, batch->n_items, true, &culprit, err);
        writer->must_retry = code && can_try_again(code, err, culprit);
        if (code && !writer->must_retry)
                return code;
        writer->batch = batch;
        return ERROR_NONE;
}

ErrorCode view_writer_finish(ViewWriter *writer, ViewSession *session, bool *ret_clean, Error *err)
{
        Apply apply = { .writer = writer, .session = session, .batch = writer->batch };
        ErrorCode code = ERROR_NONE;

        *ret_clean = true;
        if (!writer->batch)
                return ERROR_NONE;
        writer->batch = NULL;
        if (!writer->must_retry) {
                code = receive_range(&apply, 0, apply.batch->n_items, err);
                if (!code || !can_try_again(code, err, SIZE_MAX))
                        return code;
        }
        *ret_clean = false;
        return apply_range(&apply, 0, apply.batch->n_items, err);
}
