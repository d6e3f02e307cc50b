#pragma once

/*
 * store.h — reading the event store: by position, by aggregate. Writing is command-svc's alone.
 */

#include <stdbool.h>

#include "common/event/event.h"
#include "common/pg/pg_conn.h"

/* Events with everything they point to; free with event_batch_free(). */
typedef struct EventBatch {
        Event *events;
        size_t n_events;
        char *aggregate_type;
        PGresult *owner; /* holds the text */
} EventBatch;

void event_batch_free(EventBatch *batch);
DEFINE_CLEANUP(EventBatch *, event_batch_free)

/**
 * store_read_log() - events of one log partition with @after < position, in order, at most @limit
 *
 * Return: ERROR_NONE (maybe no events), or as pg_exec().
 */
_must_check_ ErrorCode store_read_log(PGconn *conn, const char *aggregate_type, int32_t partition,
                                      int64_t after, int limit, EventBatch **ret,
                                      int64_t deadline_us, Error *err);

/* Events of one stream with @after < sequence, in order, at most @limit. */
_must_check_ ErrorCode store_read_stream(PGconn *conn, const char *aggregate_type,
                                         const char *aggregate_id, int64_t after, int limit,
                                         EventBatch **ret, int64_t deadline_us, Error *err);

typedef struct LogHead {
        int32_t partition;
        int64_t last_position; /* 0: empty */
        int64_t published; /* acknowledged by the broker up to here, as last noted by the relay */
} LogHead;

/* The heads of all partitions of @aggregate_type, by partition; free *ret with free(). */
_must_check_ ErrorCode store_read_heads(PGconn *conn, const char *aggregate_type, LogHead **ret,
                                        size_t *ret_n, int64_t deadline_us, Error *err);
