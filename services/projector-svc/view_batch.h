#pragma once

/*
 * view_batch.h — events on their way into a view: what each changes, in order, and how far that brings the
 * log partitions.
 */

#include "common/base/arena.h"
#include "common/domain/event_projection.h"
#include "common/domain/row_fold.h"
#include "feed.h"
#include "parked_set.h"
#include "view.h"

typedef struct BatchItem {
        Feed *feed;
        int64_t position;
        int64_t next_offset;      /* Kafka's, behind this event; -1: it came from the event store */
        const char *aggregate_id; /* NULL when the event changes nothing here */
        int64_t sequence;
        Uuid event_id;
        const char *traceparent; /* NULL when the event has none, or when nobody asks */
        int64_t stored_us;       /* when the event was stored; 0: not looked at */
        size_t first_change, n_changes;
        bool dropped; /* its feed is held at an earlier event */
} BatchItem;

typedef struct ViewBatch {
        const View *view;
        const ParkedSet *parked; /* aggregates whose events are not applied; borrowed */
        BatchItem *items;
        size_t n_items, capacity;
        size_t bytes; /* of the events */
        RowChanges *changes;
        Arena texts;
        EventProjection projection;
} ViewBatch;

void view_batch_init(ViewBatch *batch, const View *view, const ParkedSet *parked);
void view_batch_deinit(ViewBatch *batch);
void view_batch_clear(ViewBatch *batch);

/**
 * view_batch_add() - the next event of @feed
 * @next_offset:  Kafka's offset behind the event, -1 when it comes from the event store
 *
 * The feed's next_position and next_offset move with it. @event is not needed afterwards. An event of a
 * parked aggregate changes nothing.
 *
 * Return: ERROR_NONE, or as event_project(): the event cannot be projected, the batch is as before.
 */
_must_check_ ErrorCode view_batch_add(ViewBatch *batch, Feed *feed, const Event *event,
                                      int64_t next_offset, Error *err);

/* The same for an event that is known to change nothing in this view. */
void view_batch_skip(ViewBatch *batch, Feed *feed, int64_t position, int64_t next_offset);

/* A held event of @feed, which lies behind its position: the feed does not move. Errors as above. */
_must_check_ ErrorCode view_batch_add_held(ViewBatch *batch, Feed *feed, const Event *event,
                                           Error *err);

/* What is appended to ->changes from here on is said to be made by this event of @feed, which lies behind its position. */
void view_batch_add_cause(ViewBatch *batch, Feed *feed, int64_t position, const Uuid *event_id);

/* Leave out the events of @feed from item @from on; the feed goes back to the one before. */
void view_batch_drop_feed(ViewBatch *batch, Feed *feed, size_t from);

/**
 * view_batch_fold() - fold the changes of items [@from, @to) over the rows in @fold
 * @ret_culprit:  on failure the item that does not fit
 *
 * Return: ERROR_NONE, or ERROR_INVALID.
 */
_must_check_ ErrorCode view_batch_fold(const ViewBatch *batch, size_t from, size_t to,
                                       RowFold *fold, size_t *ret_culprit, Error *err);

/* The item that made change number @change of ->changes. */
const BatchItem *view_batch_cause(const ViewBatch *batch, size_t change);
