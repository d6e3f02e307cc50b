#pragma once

/*
 * repair_fold.h — what the rows of aggregates should be: their events folded over nothing, a page at a time, up to
 * where the view is. Events do not change, so that this needs no lock and may take its time.
 */

#include "common/domain/event_projection.h"
#include "repair_store.h"

typedef struct RepairFold {
        const View *view; /* borrowed */
        RepairStore *store;
        RowFold *rows; /* those of one aggregate after those of another one */
        RowChanges *changes;
        EventProjection projection;
} RepairFold;

void repair_fold_init(RepairFold *fold, const View *view, RepairStore *store);
void repair_fold_deinit(RepairFold *fold);

/* Forget all rows. */
void repair_fold_clear(RepairFold *fold);

/**
 * repair_fold_page() - fold the next events of an aggregate
 * @job:          moves on; nothing of its feed, which is ours, is under way
 * @ret_done:     the rows are what they should be at the feed's position, or there is a problem
 * @ret_problem:  what it is; what the aggregate has in @fold is without meaning then
 *
 * Return: ERROR_NONE; or an error that concerns the whole session.
 */
_must_check_ ErrorCode repair_fold_page(RepairFold *fold, PGconn *conn, RepairJob *job,
                                        bool *ret_done, Error *ret_problem, Error *err);
