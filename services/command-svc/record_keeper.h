#pragma once

/*
 * record_keeper.h — a thread that writes records of failed commands, a few at a time, and removes what has had its
 * time: keys, records, marks. Of several instances one removes at a time.
 */

#include "command_config.h"
#include "common/pg/pg_pool.h"
#include "failure_queue.h"

typedef struct RecordKeeper RecordKeeper;

/* All borrowed; they outlive the keeper. */
_must_check_ ErrorCode record_keeper_new(RecordKeeper **ret, const CommandConfig *config,
                                         PgPool *pool, FailureQueue *failures, Error *err);
void record_keeper_free(RecordKeeper *keeper);
DEFINE_CLEANUP(RecordKeeper *, record_keeper_free)

_must_check_ ErrorCode record_keeper_start(RecordKeeper *keeper, Error *err);

/* Write what waits, as far as the store is there, and end the thread. */
void record_keeper_stop(RecordKeeper *keeper);
