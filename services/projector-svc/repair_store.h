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

typedef void (*RepairVisit)(void *data, Feed *feed, const Uuid *replay_id,
                            const char *aggregate_id);

/* Call @visit for at most about @max aggregates that wait to be repaired now, of those feeds that are ours. */
_must_check_ ErrorCode repair_store_wanted(RepairStore *store, PGconn *conn, const FeedList *feeds,
                                           int64_t max, RepairVisit visit, void *data, Error *err);

/* Of the events of an aggregate up to sequence @until: the sequences of those that are left out, for good, as a result
 * of one column. */
_must_check_ ErrorCode repair_store_dropped(RepairStore *store, PGconn *conn, const Feed *feed,
                                            const char *aggregate_id, int64_t until, PGresult **ret,
                                            Error *err);

/* What became of an aggregate. */
typedef struct RepairNote {
        Uuid replay_id;
        const char *aggregate_id;
        int64_t changed;     /* rows of it that were not right */
        const char *problem; /* why it is left out; NULL when its rows are right now */
} RepairNote;

typedef enum RepairNoted {
        REPAIR_UNWANTED, /* the replay was paused or cancelled: nothing is noted */
        REPAIR_NOTED,
        REPAIR_NOTED_LAST, /* the replay is done */
} RepairNoted;

/* Note that an aggregate is done: in the transaction that makes its rows right, behind all else. */
_must_check_ ErrorCode repair_store_note(RepairStore *store, PGconn *conn, const RepairNote *note,
                                         RepairNoted *ret, Error *err);
