#pragma once

/*
 * aggregates.h — the aggregates of one writer: in the cache, from the store, to snapshots; and what an append
 * says of them. Thread: the writer.
 */

#include "aggregate_cache.h"
#include "append_batch.h"
#include "snapshot_writer.h"

typedef struct Aggregates Aggregates;

/* @snapshots is borrowed; NULL: none are read or kept. */
_must_check_ ErrorCode aggregates_new(Aggregates **ret, const CommandConfig *config,
                                      SnapshotWriter *snapshots, Error *err);
void aggregates_free(Aggregates *aggregates);
DEFINE_CLEANUP(Aggregates *, aggregates_free)

/* A round begins: decide, append, say what was stored, aggregates_review(). */
void aggregates_begin(Aggregates *aggregates);

/* As aggregate_loader_find(). */
_must_check_ ErrorCode aggregates_find(Aggregates *aggregates, PGconn *conn,
                                       const CommandRequest *request, CachedAggregate **ret,
                                       int64_t deadline_us, Error *err);

/* What the append said of a request with events. */
void aggregates_note_stored(Aggregates *aggregates, const CommandRequest *request,
                            const AppendResult *result);

/* What it said of one that it did not store: the cache has another state than the store. */
void aggregates_note_not_stored(Aggregates *aggregates, const CommandRequest *request,
                                const AppendResult *result);

/* The append is settled: all that is left was stored. Offers what has changed a lot as snapshots. */
void aggregates_review(Aggregates *aggregates);

void aggregates_drop(Aggregates *aggregates, const CommandRequest *request);

/* The store's state is not known any more. */
void aggregates_clear(Aggregates *aggregates);

/* Keep the cache's bound. */
void aggregates_trim(Aggregates *aggregates);
