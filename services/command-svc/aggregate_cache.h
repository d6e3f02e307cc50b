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

/* An aggregate in the cache, and what the writer knows of it. */
typedef struct CachedAggregate {
        const char *id;
        Aggregate *aggregate;
        int32_t partition;        /* of its stream; -1 while no stored event is known */
        int64_t snapshot_version; /* a snapshot of this one is kept, or on its way; 0: none */
        bool snapshot_wanted;     /* the kept one is of no use: replace it */
        bool behind;              /* more events must be read before anything is decided on it */
        bool unstored;            /* events were applied that are not known to be stored */
} CachedAggregate;

/* NULL when it is not there. Valid until it is dropped or aggregate_cache_trim() is called. */
CachedAggregate *aggregate_cache_find(AggregateCache *cache, const AggregateType *type,
                                      const char *id);

/* Add an aggregate that is not there; the cache owns it. Valid as above. */
CachedAggregate *aggregate_cache_add(AggregateCache *cache, const char *id, Aggregate *aggregate);

/* Forget what is known of an aggregate; fine when there is nothing. */
void aggregate_cache_drop(AggregateCache *cache, const AggregateType *type, const char *id);

/* Forget everything: the store's state is not known any more. */
void aggregate_cache_clear(AggregateCache *cache);

/**
 * aggregate_cache_next_used() - walk those that were found or added since the last walk
 * @previous:  NULL to begin
 *
 * Go on until it returns NULL, and neither add nor find nor drop in between.
 */
CachedAggregate *aggregate_cache_next_used(AggregateCache *cache, const CachedAggregate *previous);

/* Count what the aggregates hold now and throw out the longest unused until the bound is kept, but for the
 * last used one: a single aggregate may be larger than the bound. */
void aggregate_cache_trim(AggregateCache *cache);

/* Bytes held, as last counted. */
size_t aggregate_cache_bytes(const AggregateCache *cache);
