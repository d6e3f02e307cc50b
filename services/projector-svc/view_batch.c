#include "view_batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/event/event_trace.h"

void view_batch_init(ViewBatch *batch, const View *view, const ParkedSet *parked)
{
        *batch = (ViewBatch){ .view = view,
                              .parked = parked,
                              .changes = row_changes_new(),
                              .projection = EVENT_PROJECTION_INIT };
}

void view_batch_deinit(ViewBatch *batch)
{
        free(batch->items);
        row_changes_free(batch->changes);
        arena_deinit(&batch->texts);
        event_projection_deinit(&batch->projection);
}

void view_batch_clear(ViewBatch *batch)
{
        batch->n_items = 0;
        batch->bytes = 0;
        row_changes_clear(batch->changes);
        arena_clear(&batch->texts);
}

static BatchItem *add_item(ViewBatch *batch, Feed *feed, int64_t position, int64_t next_offset)
{
        BatchItem *item;

        if (batch->n_items == batch->capacity) {
                size_t capacity = batch->capacity ? batch->capacity * 2 : 256;
                BatchItem *grown = realloc(batch->items, capacity * sizeof *grown);

                if (!grown)
                        abort();
                batch->items = grown;
                batch->capacity = capacity;
        }
        item = &batch->items[batch->n_items++];
        *item = (BatchItem){ .feed = feed,
                             .position = position,
                             .next_offset = next_offset,
                             .first_change = row_changes_count(batch->changes) };
        return item;
}

static void move_feed(Feed *feed, int64_t position, int64_t next_offset)
{
        assert(position == feed->next_position + 1);

        feed->next_position = position;
        if (next_offset >= 0)
                feed->next_offset = next_offset;
}

void view_batch_skip(ViewBatch *batch, Feed *feed, int64_t position, int64_t next_offset)
{
        (void)add_item(batch, feed, position, next_offset);
        move_feed(feed, position, next_offset);
}

static void keep_trace(ViewBatch *batch, BatchItem *item, const Event *event)
{
        char text[EVENT_TRACE_SIZE];
        const char *trace = batch->view->with_changes ? event_traceparent(event, text) : NULL;

        if (trace)
                item->traceparent = arena_copy_n(&batch->texts, trace, EVENT_TRACE_SIZE - 1);
}

static ErrorCode add_event(ViewBatch *batch, Feed *feed, const Event *event, int64_t next_offset,
                           Error *err)
{
        size_t first = row_changes_count(batch->changes);
        BatchItem *item;
        ErrorCode code;

        code = event_project(&batch->projection, feed->aggregate, event, batch->view->model->name,
                             batch->changes, err);
        if (code)
                return code;
        item = add_item(batch, feed, event->position, next_offset);
        item->stored_us = event->timestamp_us;
        item->first_change = first;
        item->n_changes = row_changes_count(batch->changes) - first;
        batch->bytes += event->data.size + event->metadata.size;
        if (item->n_changes) {
                item->aggregate_id = arena_copy_n(&batch->texts, event->aggregate_id,
                                                  strlen(event->aggregate_id));
                item->sequence = event->sequence;
                item->event_id = event->id;
                keep_trace(batch, item, event);
        }
        return ERROR_NONE;
}

ErrorCode view_batch_add(ViewBatch *batch, Feed *feed, const Event *event, int64_t next_offset,
                         Error *err)
{
        ErrorCode code;

        if (parked_set_has(batch->parked, feed, event->aggregate_id)) {
                view_batch_skip(batch, feed, event->position, next_offset);
                return ERROR_NONE;
        }
        code = add_event(batch, feed, event, next_offset, err);
        if (!code)
                move_feed(feed, event->position, next_offset);
        return code;
}

ErrorCode view_batch_add_held(ViewBatch *batch, Feed *feed, const Event *event, Error *err)
{
        return add_event(batch, feed, event, -1, err);
}

void view_batch_add_cause(ViewBatch *batch, Feed *feed, int64_t position, const Uuid *event_id)
{
        add_item(batch, feed, position, -1)->event_id = *event_id;
}

void view_batch_drop_feed(ViewBatch *batch, Feed *feed, size_t from)
{
        feed_rewind(feed);
        for (size_t i = 0; i < batch->n_items; i++) {
                BatchItem *item = &batch->items[i];

                if (item->feed != feed || item->dropped)
                        continue;
                if (i >= from) {
                        item->dropped = true;
                        continue;
                }
                feed->next_position = item->position;
                if (item->next_offset >= 0)
                        feed->next_offset = item->next_offset;
        }
}

ErrorCode view_batch_fold(const ViewBatch *batch, size_t from, size_t to, RowFold *fold,
                          size_t *ret_culprit, Error *err)
{
        for (size_t i = from; i < to; i++) {
                const BatchItem *item = &batch->items[i];
                Event event = { .aggregate_id = item->aggregate_id, .sequence = item->sequence };
                ErrorCode code;

                if (item->dropped || !item->n_changes)
                        continue;
                code = row_fold_apply(fold, &event, batch->changes, item->first_change,
                                      item->n_changes, err);
                if (code) {
                        *ret_culprit = i;
                        return code;
                }
        }
        return ERROR_NONE;
}

const BatchItem *view_batch_cause(const ViewBatch *batch, size_t change)
{
        size_t low = 0, high = batch->n_items;

        /* The last item that begins at or before it; those that change nothing begin where the next one does. */
        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (batch->items[middle].first_change <= change)
                        low = middle;
                else
                        high = middle;
        }
        return &batch->items[low];
}
