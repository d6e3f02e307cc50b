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
        RowFold *fold;
        ViewWriterHold hold;
        void *owner; /* of the callback */
} ViewWriter;

void view_writer_init(ViewWriter *writer, const View *view, ViewMetrics *metrics,
                      ViewWriterHold hold, void *owner);
void view_writer_deinit(ViewWriter *writer);

/**
 * view_writer_apply() - all of @batch, in one transaction when nothing is wrong with it
 *
 * Values that PostgreSQL refuses make it try halves, down to the event that is to blame: what comes before it
 * is applied, its feed is held, all others go on.
 *
 * Return: ERROR_NONE; or an error that concerns the whole session: begin again from the checkpoints.
 */
_must_check_ ErrorCode view_writer_apply(ViewWriter *writer, ViewSession *session, ViewBatch *batch,
                                         const FeedList *feeds, Error *err);
