#pragma once

/*
 * repair_write.h — the end of a repair: what differs from the folded rows is written, in one transaction that holds the
 * checkpoint. Rows that were right are not touched.
 */

#include "repair_fold.h"
#include "view_session.h"

typedef enum RepairOutcome {
        REPAIR_LATER,   /* somebody was in the way */
        REPAIR_REFUSED, /* PostgreSQL refuses rows of one of them */
        REPAIR_NOBODY,  /* the replay is paused or cancelled: nothing was done */
        REPAIR_DONE,
        REPAIR_DONE_LAST, /* and the replay with it */
} RepairOutcome;

typedef struct RepairResult {
        RepairOutcome outcome;
        int64_t changed; /* rows */
        Error refusal;   /* with REPAIR_REFUSED */
} RepairResult;

typedef struct RepairWrite {
        const View *view; /* borrowed, as the following */
        const FeedList *feeds;
        RepairStore *store;
        PgParams *params;
        ViewBatch batch;      /* one change for each row that is not right */
        RowFold *rows;        /* those rows */
        const RepairJob *job; /* whose changes are collected */
} RepairWrite;

_must_check_ ErrorCode repair_write_init(RepairWrite *write, const View *view,
                                         const FeedList *feeds, RepairStore *store, Error *err);
void repair_write_deinit(RepairWrite *write);

/**
 * repair_write_apply() - one transaction for some aggregates
 * @jobs:  of one replay and one feed, of which nothing is under way; folded up to its position, or with a problem that is
 *         noted
 * @fold:  with their rows; those of other aggregates and of those with a problem are left alone
 *
 * The changes that it makes carry the last event of the aggregate that the view has applied.
 * Return: ERROR_NONE; or an error that concerns the whole session.
 */
_must_check_ ErrorCode repair_write_apply(RepairWrite *write, ViewSession *session,
                                          const RepairJob *jobs, size_t n, const RepairFold *fold,
                                          RepairResult *ret, Error *err);
