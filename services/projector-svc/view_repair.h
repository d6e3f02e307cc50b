#pragma once

/*
 * view_repair.h — replays to a view: the rows of aggregates that operators have selected are made right in place, between
 * batches, a little at a time, while readers read and events are applied.
 *
 * What is wanted stands in the schema replay, so that another owner of the log partition goes on. All here happens
 * while no batch is under way.
 */

#include "common/base/arena.h"
#include "parked_set.h"
#include "repair_write.h"
#include "view_metrics.h"

typedef struct ViewRepair {
        const View *view; /* borrowed, as the following */
        ViewMetrics *metrics;
        const FeedList *feeds;
        const ParkedSet *parked;
        RepairStore *store;
        RepairFold fold;
        RepairWrite write;
        RepairJob *jobs; /* looked up, not done yet: from ->next on */
        size_t n_jobs, next, capacity;
        Arena texts; /* of the jobs */
        size_t alone; /* so many of the next ones are not done together, since one of them was refused */
        bool more; /* some are left over from the last time */
} ViewRepair;

/* Return: ERROR_NONE, or ERROR_INTERNAL without memory. */
_must_check_ ErrorCode view_repair_init(ViewRepair *repair, const View *view, ViewMetrics *metrics,
                                        const FeedList *feeds, const ParkedSet *parked, Error *err);
void view_repair_deinit(ViewRepair *repair);

/* Some feeds are not ours any more: what is not finished is begun again. */
void view_repair_forget(ViewRepair *repair);

/**
 * view_repair_serve() - repair for some milliseconds: ->more tells when that did not do
 *
 * A version that is built has nothing to repair. An aggregate that is parked is left out, and so is one whose events cannot
 * be applied: the replay tells.
 * Return: ERROR_NONE; or an error that concerns the whole session.
 */
_must_check_ ErrorCode view_repair_serve(ViewRepair *repair, ViewSession *session, Error *err);
