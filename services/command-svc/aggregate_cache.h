#pragma once

/*
 * aggregate_cache.h — aggregates in memory, least recently used out first, bounded in bytes.
 *
 * What it holds may be older than the store (another instance wrote): every decision is checked against
 * the store's version when it is appended. Thread: one writer.
 */

#include "common/domain/domain.h"

typedef struct AggregateCache AggregateCache;

AggregateCache *aggregate_cache_new(size_t bytes_max);
void aggregate_cache_free(AggregateCache *cache);
DEFINE_CLEANUP(AggregateCache *, aggregate_cache_free)

/* NULL when it is not there. Valid until it is dropped or aggregate_cache_trim() is called. */
Aggregate *aggregate_cache_find(AggregateCache *cache, const AggregateType *type, const char *id);

/* Add an aggregate that is not there; the cache owns it. Returns @aggregate. */
Aggregate *aggregate_cache_add(AggregateCache *cache, const char *id, Aggregate *aggregate);

/* Forget what is known of an aggregate; fine when there is nothing. */
void aggregate_cache_drop(AggregateCache *cache, const AggregateType *type, const char *id);

/* Forget everything: the store's state is not known any more. */
void aggregate_cache_clear(AggregateCache *cache);

/* Count what the aggregates hold now and throw out until the bound is kept. Call between batches. */
void aggregate_cache_trim(AggregateCache *cache);
