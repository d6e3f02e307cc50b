#pragma once

/*
 * repair_fold.h — what the rows of one aggregate should be: its events folded over nothing, a page at a time, up to
 * where the view is. Events do not change, so that this needs no lock and may take its time.
 */

#include "common/domain/event_projection.h"
#include "repair_store.h"

typedef struct RepairFold {
        const View *view; /* borrowed */
        RepairStore *store;
        RowFold *rows;
        RowChanges *changes;
        EventProjection projection;
        int64_t sequence; /* of the last event that is folded, or left out as somebody wanted */
        int64_t position; /* of it */
        Uuid event_id;
} RepairFold;

void repair_fold_init(RepairFold *fold, const View *view, RepairStore *store);
void repair_fold_deinit(RepairFold *fold);

/* Begin with another aggregate. */
void repair_fold_clear(RepairFold *fold);

/**
 * repair_fold_page() - fold the next events of an aggregate
 * @feed:        ours; nothing of it is under way
 * @ret_done:    the rows are what they should be at the feed's position
 * @ret_problem: why there will be none, @err is without meaning then; the reason's code
 *
 * Return: ERROR_NONE; or an error that concerns the whole session.
 */
_must_check_ ErrorCode repair_fold_page(RepairFold *fold, PGconn *conn, const Feed *feed,
                                        const char *aggregate_id, bool *ret_done,
                                        Error *ret_problem, Error *err);
