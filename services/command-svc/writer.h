#pragma once

/*
 * writer.h — a thread that decides commands and appends them: what waits shares one round trip and
 * one flush. It alone decides on the aggregates that are given to it, one command after the other.
 */

#include "command_config.h"
#include "command_request.h"
#include "relay.h"
#include "snapshot_writer.h"

typedef struct Writer Writer;

/* @config, @relay and @snapshots outlive the writer; @snapshots is NULL when none are to be kept. */
_must_check_ ErrorCode writer_new(Writer **ret, const CommandConfig *config, unsigned number,
                                  Relay *relay, SnapshotWriter *snapshots, Error *err);
void writer_free(Writer *writer);
DEFINE_CLEANUP(Writer *, writer_free)

_must_check_ ErrorCode writer_start(Writer *writer, Error *err);

/* Take nothing new, finish what is queued, end the thread. */
void writer_stop(Writer *writer);

/* Return: ERROR_NONE (wait for the request), or ERROR_UNAVAILABLE (not queued). Thread: any. */
_must_check_ ErrorCode writer_submit(Writer *writer, CommandRequest *request, Error *err);

/* Whether the last thing it asked of PostgreSQL worked. Thread: any. */
bool writer_ready(const Writer *writer);
