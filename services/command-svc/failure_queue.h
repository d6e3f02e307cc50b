#pragma once

/*
 * failure_queue.h — records of commands that failed before anything was stored, on their way to the store.
 *
 * Whoever sends nonsense fills it, so it has a bound, and one sender may have a quarter of it: what finds no room
 * is forgotten and counted. Thread: any.
 */

#include "common/store/failure_record.h"

typedef struct FailureQueue FailureQueue;

FailureQueue *failure_queue_new(size_t limit);
void failure_queue_free(FailureQueue *queue);
DEFINE_CLEANUP(FailureQueue *, failure_queue_free)

/* Copy @record into the queue, in the place of an earlier one of the same command and actor. */
void failure_queue_add(FailureQueue *queue, const FailureRecord *record);

/* A copy of what waits here of a command, NULL when there is nothing. @actor: whose; NULL: anybody's. */
FailureRecord *failure_queue_find(FailureQueue *queue, const Uuid *id, const char *actor);

size_t failure_queue_count(FailureQueue *queue);

/**
 * failure_queue_flush() - write the oldest, at most @max, and forget those that were written
 *
 * One thread at a time; others may add and find meanwhile.
 * Return: as store_note_failures(); all are still there then.
 */
_must_check_ ErrorCode failure_queue_flush(FailureQueue *queue, PGconn *conn, size_t max,
                                           int64_t deadline_us, Error *err);
