#pragma once

/*
 * view_writer.h — applies a batch to a view: load, fold, write; finds the event that does not fit.
 */

#include "view_metrics.h"
#include "view_session.h"

/* Called for a feed whose next event cannot be applied; the writer has left out the rest of it. */
typedef void (*ViewWriterHold)(void *owner, Feed *feed, const Error *err);

typedef struct ViewWriter {
        ViewMetrics *metrics; /* borrowed */
        const FeedList *feeds;
        RowFold *fold;
        ViewWriterHold hold;
        void *owner;      /* of the callback */
        ViewBatch *batch; /* under way; NULL when none is */
        size_t n_events;  /* in it */
        int64_t begun_us; /* when it was, clock_monotonic_us() */
        const char *told; /* the field that was left out last, in the log */
        size_t n_told;
        bool must_retry; /* it failed before it was sent, and less of it may not */
} ViewWriter;

void view_writer_init(ViewWriter *writer, const View *view, const FeedList *feeds,
                      ViewMetrics *metrics, ViewWriterHold hold, void *owner);
void view_writer_deinit(ViewWriter *writer);

/**
 * view_writer_begin() - send a batch on its way: load, fold, and the write without its answer
 * @batch:  stays as it is until view_writer_finish()
 *
 * Until then the session must not be used, and nobody but the writer changes what the feeds have committed.
 */
_must_check_ ErrorCode view_writer_begin(ViewWriter *writer, ViewSession *session, ViewBatch *batch,
                                         Error *err);

/**
 * view_writer_finish() - wait until the batch under way is committed; nothing to do when there is none
 * @ret_clean:  false when something in the batch did not fit: what is behind it must be read again
 *
 * Values that PostgreSQL refuses make it try halves, down to the event that is to blame: what comes before it
 * is applied, its feed is held, all others go on.
 *
 * Return: ERROR_NONE; or an error that concerns the whole session: begin again from the checkpoints.
 */
_must_check_ ErrorCode view_writer_finish(ViewWriter *writer, ViewSession *session, bool *ret_clean,
                                          Error *err);

/* The session is gone, and the batch under way with it. */
void view_writer_abandon(ViewWriter *writer);
