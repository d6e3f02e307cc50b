#pragma once

/*
 * parked_store.h — projection.parked as the owner of a log partition uses it.
 *
 * All but the two lists belong into a transaction that also advances the checkpoint, which checks its epoch.
 */

#include "common/event/event.h"
#include "common/pg/pg_conn.h"
#include "feed.h"
#include "view.h"

typedef struct ParkedStore ParkedStore;

/* @view is borrowed; its version may change. */
_must_check_ ErrorCode parked_store_new(ParkedStore **ret, const View *view, Error *err);
void parked_store_free(ParkedStore *store);
DEFINE_CLEANUP(ParkedStore *, parked_store_free)

typedef void (*ParkedVisit)(void *data, Feed *feed, const char *aggregate_id);

/* Call @visit for what is parked in these feeds. */
_must_check_ ErrorCode parked_store_list(ParkedStore *store, PGconn *conn, Feed *const *feeds,
                                         size_t n, ParkedVisit visit, void *data, Error *err);

#define PARKED_WISHES_MAX 100

/* The same for those of which an operator wants something, at most PARKED_WISHES_MAX, the oldest wish first. */
_must_check_ ErrorCode parked_store_wanted(ParkedStore *store, PGconn *conn, Feed *const *feeds,
                                           size_t n, ParkedVisit visit, void *data, Error *err);

/**
 * parked_store_add() - park the aggregate of @event
 * @feed:       of the event, with the tries and the failure
 * @max:        so many may be parked in the version
 * @ret_added:  false when they are
 */
_must_check_ ErrorCode parked_store_add(ParkedStore *store, PGconn *conn, const Feed *feed,
                                        const Event *event, int64_t max, bool *ret_added,
                                        Error *err);

typedef struct ParkedWish {
        bool any;         /* false: nothing is wanted (any more) */
        bool drop;        /* leave the first event out */
        int64_t sequence; /* of the first event that is not applied */
        int64_t tries;    /* of it */
} ParkedWish;

/* Lock the row of a parked aggregate and tell what is wanted. */
_must_check_ ErrorCode parked_store_lock(ParkedStore *store, PGconn *conn, const Feed *feed,
                                         const char *aggregate_id, ParkedWish *ret, Error *err);

/* @event is the first one that is not applied now. @error: why not, and nothing is wanted any more; NULL when
 * it was not tried yet. */
_must_check_ ErrorCode parked_store_move(ParkedStore *store, PGconn *conn, const Event *event,
                                         const char *error, int64_t tries, Error *err);

/* Nothing of the aggregate is held any more. */
_must_check_ ErrorCode parked_store_remove(ParkedStore *store, PGconn *conn, const Feed *feed,
                                           const char *aggregate_id, Error *err);

/* Note in projection.dropped that the first event is left out. */
_must_check_ ErrorCode parked_store_drop(ParkedStore *store, PGconn *conn, const Feed *feed,
                                         const char *aggregate_id, Error *err);
