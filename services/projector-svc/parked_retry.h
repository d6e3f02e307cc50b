#pragma once

/*
 * parked_retry.h — the way back of a parked aggregate: its held events are read from the event store and applied,
 * in order, one transaction after the other, until none is left.
 *
 * Each transaction moves the rows and the parked row together, so it can be cut off anywhere.
 */

#include "parked_store.h"
#include "view_batch.h"
#include "view_session.h"

typedef enum ParkedOutcome {
        PARKED_NOTHING, /* nothing is wanted (any more), or somebody was in the way: later */
        PARKED_STAYS,   /* an event failed: the row tells which, and why */
        PARKED_MORE,    /* some are applied, more are held */
        PARKED_DONE,    /* all that was held is applied; the aggregate is parked no longer */
} ParkedOutcome;

typedef struct ParkedStep {
        ParkedOutcome outcome;
        bool dropped;  /* the first held event was left out, as wanted */
        Error failure; /* with PARKED_STAYS: why an event failed */
} ParkedStep;

typedef struct ParkedRetry {
        const FeedList *feeds; /* borrowed */
        ViewBatch batch;
        RowFold *fold;
} ParkedRetry;

void parked_retry_init(ParkedRetry *retry, const View *view, const FeedList *feeds);
void parked_retry_deinit(ParkedRetry *retry);

/**
 * parked_retry_step() - one transaction for one aggregate
 * @feed:  ours; nothing of it is under way
 *
 * Return: ERROR_NONE; or an error that concerns the whole session.
 */
_must_check_ ErrorCode parked_retry_step(ParkedRetry *retry, ParkedStore *store,
                                         ViewSession *session, Feed *feed, const char *aggregate_id,
                                         ParkedStep *ret, Error *err);
