#pragma once

/*
 * append_batch.h — the arguments of event_store.append for one batch of decided commands, and what
 * it answered. One round trip; a batch is reused and keeps its memory.
 */

#include "command_request.h"
#include "common/pg/pg_conn.h"

typedef enum AppendOutcome {
        APPEND_STORED = 0,
        APPEND_REPEATED = 1,   /* command id known, same digest */
        APPEND_KEY_REUSED = 2, /* command id known, another digest */
        APPEND_CONFLICT = 3, /* the aggregate is at another version than the decision was made on */
} AppendOutcome;

typedef struct AppendResult {
        AppendOutcome outcome;
        int64_t version; /* new, the first answer's, or current */
        int32_t partition;
        int64_t first_position; /* of a stored command with events */
        int64_t stored_at_us;
} AppendResult;

typedef struct AppendBatch AppendBatch;

AppendBatch *append_batch_new(void);
void append_batch_free(AppendBatch *batch);
DEFINE_CLEANUP(AppendBatch *, append_batch_free)

void append_batch_clear(AppendBatch *batch);

/**
 * append_batch_add() - add a decided command
 * @partition:   of the aggregate's stream; where a new one goes
 * @decided_on:  the version that the decision was made on; 0: the aggregate does not exist
 *
 * A stored command brings its events in request->outcome.events (not yet placed), a refusal its
 * error. Everything is copied.
 */
void append_batch_add(AppendBatch *batch, const CommandRequest *request, int32_t partition,
                      int64_t decided_on);

size_t append_batch_count(const AppendBatch *batch);
size_t append_batch_bytes(const AppendBatch *batch); /* of all events */

/**
 * append_batch_run() - append them all
 * @ret:  append_batch_count() results, in order of addition
 *
 * Return: ERROR_NONE; ERROR_CONFLICT (deadlock: run again), ERROR_UNAVAILABLE (outcome unknown when the
 *         connection broke: the same command ids tell at the next run), ERROR_INTERNAL.
 */
_must_check_ ErrorCode append_batch_run(AppendBatch *batch, PGconn *conn, AppendResult *ret,
                                        int64_t deadline_us, Error *err);
