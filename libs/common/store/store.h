#pragma once

/*
 * store.h — reading the event store: by position, by aggregate. Writing is command-svc's alone.
 */

#include <stdbool.h>

#include "common/event/event.h"
#include "common/pg/pg_conn.h"

/* A page of events ends with the one that reaches so many bytes: two of the largest ones fit. */
#define STORE_PAGE_BYTES (16 << 20)

/* Events with everything they point to; free with event_batch_free(). */
typedef struct EventBatch {
        Event *events;
        size_t n_events;
        bool more; /* a limit ended it: there may be more behind them */
        char *aggregate_type;
        PGresult *owner; /* holds the text */
} EventBatch;

void event_batch_free(EventBatch *batch);
DEFINE_CLEANUP(EventBatch *, event_batch_free)

/**
 * store_read_log() - events of one log partition with @after < position, in order, at most @limit
 *
 * Fewer when they are large (STORE_PAGE_BYTES), but one at least when there is one: (*ret)->more tells.
 * Return: ERROR_NONE (maybe no events), or as pg_exec().
 */
_must_check_ ErrorCode store_read_log(PGconn *conn, const char *aggregate_type, int32_t partition,
                                      int64_t after, int limit, EventBatch **ret,
                                      int64_t deadline_us, Error *err);

/* Events of one stream with @after < sequence, in order, at most @limit; fewer when they are large. */
_must_check_ ErrorCode store_read_stream(PGconn *conn, const char *aggregate_type,
                                         const char *aggregate_id, int64_t after, int limit,
                                         EventBatch **ret, int64_t deadline_us, Error *err);

/* The same, however large they are: of one command, whose events have a limit together. */
_must_check_ ErrorCode store_read_whole(PGconn *conn, const char *aggregate_type,
                                        const char *aggregate_id, int64_t after, int limit,
                                        EventBatch **ret, int64_t deadline_us, Error *err);

/* What store_read_aggregate() is asked for. */
typedef struct AggregateRead {
        const char *aggregate_type;
        const char *aggregate_id;
        int64_t after;     /* the version that is known already */
        int state_version; /* snapshots of this one can be read; 0: none is wanted */
        int events_max;
        int64_t bytes_max; /* of the events' text; the last one may begin before it and end behind */
} AggregateRead;

/* The state of an aggregate at some version, as it was kept. */
typedef struct StoredSnapshot {
        int64_t version; /* 0: there is none after the version that is known */
        int state_version;
        int32_t partition; /* of the stream; -1: the snapshot is ahead of it */
        JsonSpan state;    /* borrowed from the page */
} StoredSnapshot;

typedef struct AggregatePage {
        StoredSnapshot snapshot;
        EventBatch *events; /* after the snapshot when it can be used, else after what was known */
        bool last;          /* the stream has no more */
} AggregatePage;

void aggregate_page_deinit(AggregatePage *page);

/* Whether the snapshot is there, of the state version that was asked for, and not ahead of its stream. */
bool stored_snapshot_usable(const StoredSnapshot *snapshot, const AggregateRead *read);

/**
 * store_read_aggregate() - the snapshot of an aggregate and the events behind it, in one round trip
 * @ret:  zeroed by the caller
 *
 * Return: ERROR_NONE, or as pg_exec().
 */
_must_check_ ErrorCode store_read_aggregate(PGconn *conn, const AggregateRead *read,
                                            AggregatePage *ret, int64_t deadline_us, Error *err);

typedef struct LogHead {
        int32_t partition;
        int64_t last_position; /* 0: empty */
        int64_t published; /* acknowledged by the broker up to here, as last noted by the relay */
} LogHead;

/* The heads of all partitions of @aggregate_type, by partition; free *ret with free(). */
_must_check_ ErrorCode store_read_heads(PGconn *conn, const char *aggregate_type, LogHead **ret,
                                        size_t *ret_n, int64_t deadline_us, Error *err);
