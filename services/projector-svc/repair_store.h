#pragma once

/*
 * repair_store.h — replays to a view as the owner of a log partition sees them: schema replay.
 */

#include "common/base/uuid.h"
#include "common/pg/pg_conn.h"
#include "feed.h"
#include "view.h"

typedef struct RepairStore RepairStore;

/* @view is borrowed. */
_must_check_ ErrorCode repair_store_new(RepairStore **ret, const View *view, Error *err);
void repair_store_free(RepairStore *store);
DEFINE_CLEANUP(RepairStore *, repair_store_free)

/* An aggregate that a replay wants repaired, and how far that is. */
typedef struct RepairJob {
        Uuid replay_id;
        Feed *feed;
        const char *aggregate_id;
        int64_t sequence; /* of the last event that is folded, or left out as somebody wanted; 0: none is */
        int64_t position; /* of it */
        Uuid event_id;
        const char *problem; /* why its rows stay as they are; NULL when they do not */
} RepairJob;

/* @aggregate_id is the caller's to copy. */
typedef void (*RepairVisit)(void *data, const RepairJob *job);

/* Call @visit for at most about @max aggregates that wait to be repaired now, of those feeds that are ours. */
_must_check_ ErrorCode repair_store_wanted(RepairStore *store, PGconn *conn, const FeedList *feeds,
                                           int64_t max, RepairVisit visit, void *data, Error *err);

/* Of the events of @job's aggregate up to sequence @until: the sequences of those that are left out, for good, as a
 * result of one column. */
_must_check_ ErrorCode repair_store_dropped(RepairStore *store, PGconn *conn, const RepairJob *job,
                                            int64_t until, PGresult **ret, Error *err);

typedef enum RepairNoted {
        REPAIR_UNWANTED, /* the replay was paused or cancelled: nothing is noted */
        REPAIR_NOTED,
        REPAIR_NOTED_LAST, /* the replay is done */
} RepairNoted;

/**
 * repair_store_note() - aggregates are done: in the transaction that makes their rows right, behind all else
 * @jobs:     of one replay
 * @changed:  rows of them that were not right
 */
_must_check_ ErrorCode repair_store_note(RepairStore *store, PGconn *conn, const RepairJob *jobs,
                                         size_t n, int64_t changed, RepairNoted *ret, Error *err);
