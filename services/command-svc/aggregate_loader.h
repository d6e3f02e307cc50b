#pragma once

/*
 * aggregate_loader.h — aggregates from the store into the cache: a snapshot, where there is one, and the
 * events behind it; some thousand events at a time, so that a long stream does not hold up other commands.
 */

#include "aggregate_cache.h"
#include "command_request.h"
#include "common/pg/pg_conn.h"

typedef struct AggregateLoader AggregateLoader;

/**
 * aggregate_loader_new() - @cache is borrowed
 * @snapshots:  read those that are kept; otherwise everything comes from events
 */
AggregateLoader *aggregate_loader_new(AggregateCache *cache, bool snapshots);
void aggregate_loader_free(AggregateLoader *loader);
DEFINE_CLEANUP(AggregateLoader *, aggregate_loader_free)

/* A new round begins: it may read a few thousand events of aggregates that are read already in part. */
void aggregate_loader_begin(AggregateLoader *loader);

/**
 * aggregate_loader_find() - the aggregate that @request is about, from the cache or the store
 * @ret:  in the cache, valid as with aggregate_cache_find(); when it is still ->behind, there is more to
 *        read: call again in the next round
 *
 * May trim the cache. What was read before an error stays in the cache. Thread: the cache's.
 * Return: ERROR_NONE; ERROR_UNAVAILABLE, ERROR_CONFLICT, ERROR_INTERNAL as pg_exec(); ERROR_MALFORMED or
 *         ERROR_INVALID when an event cannot be applied.
 */
_must_check_ ErrorCode aggregate_loader_find(AggregateLoader *loader, PGconn *conn,
                                             const CommandRequest *request, CachedAggregate **ret,
                                             int64_t deadline_us, Error *err);
