#pragma once

/*
 * snapshot_writer.h — a thread that keeps states of aggregates in the store, beside the commands' way: nobody
 * waits for it, and what it cannot keep is lost without harm.
 */

#include "command_config.h"
#include "common/domain/domain.h"

typedef struct SnapshotWriter SnapshotWriter;

/* @config is borrowed. */
_must_check_ ErrorCode snapshot_writer_new(SnapshotWriter **ret, const CommandConfig *config,
                                           Error *err);
void snapshot_writer_free(SnapshotWriter *writer);
DEFINE_CLEANUP(SnapshotWriter *, snapshot_writer_free)

_must_check_ ErrorCode snapshot_writer_start(SnapshotWriter *writer, Error *err);

/* Keep what was offered, unless PostgreSQL is away, and end. Call when nothing is offered any more. */
void snapshot_writer_stop(SnapshotWriter *writer);

/**
 * snapshot_writer_offer() - take the aggregate's state as it is now
 *
 * All of its events must be stored. Encodes here, writes later. Thread: any that may look at @aggregate.
 * Return: false when too much waits to be kept already: offer it again another time.
 */
bool snapshot_writer_offer(SnapshotWriter *writer, const char *id, const Aggregate *aggregate);
