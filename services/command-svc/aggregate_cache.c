#include "aggregate_cache.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"

typedef struct Entry {
        CachedAggregate cached;      /* first, so that it can be taken for the entry */
        struct Entry *chain;         /* of its bucket */
        struct Entry *newer, *older; /* by last use */
        uint64_t hash;
        size_t bytes; /* as last counted */
        bool used;    /* since the last walk */
        bool changed; /* since the last trim: its bytes may be others */
        char id[];
} Entry;

_Static_assert(offsetof(Entry, cached) == 0, "a CachedAggregate is the beginning of its Entry");

struct AggregateCache {
        Entry **buckets;
        size_t n_buckets; /* a power of two */
        size_t n_entries;
        Entry *newest, *oldest;
        size_t bytes;
        size_t bytes_max;
};

#define BUCKETS_FIRST 1024

AggregateCache *aggregate_cache_new(size_t bytes_max)
{
        AggregateCache *cache = calloc(1, sizeof *cache);

        if (!cache)
                return NULL;
        cache->buckets = calloc(BUCKETS_FIRST, sizeof(Entry *));
        if (!cache->buckets) {
                free(cache);
                return NULL;
        }
        cache->n_buckets = BUCKETS_FIRST;
        cache->bytes_max = bytes_max;
        return cache;
}

void aggregate_cache_free(AggregateCache *cache)
{
        if (!cache)
                return;
        aggregate_cache_clear(cache);
        free(cache->buckets);
        free(cache);
}

static uint64_t key_hash(const AggregateType *type, const char *id)
{
        return hash_bytes(id, strlen(id)) ^ (uintptr_t)type;
}

static Entry **find_link(AggregateCache *cache, const AggregateType *type, const char *id,
                         uint64_t hash)
{
        Entry **link = &cache->buckets[hash & (cache->n_buckets - 1)];

        while (*link && ((*link)->hash != hash || (*link)->cached.aggregate->type != type ||
                         strcmp((*link)->id, id) != 0))
                link = &(*link)->chain;
        return link;
}

static void unlink_use(AggregateCache *cache, Entry *entry)
{
        *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
        *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void link_newest(AggregateCache *cache, Entry *entry)
{
        entry->newer = NULL;
        entry->older = cache->newest;
        *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
        cache->newest = entry;
}

static void remove_entry(AggregateCache *cache, Entry **link)
{
        Entry *entry = *link;

        *link = entry->chain;
        unlink_use(cache, entry);
        cache->bytes -= entry->bytes;
        cache->n_entries--;
        aggregate_free(entry->cached.aggregate);
        free(entry);
}

static void note_use(Entry *entry)
{
        entry->used = true;
        entry->changed = true;
}

CachedAggregate *aggregate_cache_find(AggregateCache *cache, const AggregateType *type,
                                      const char *id)
{
        Entry *entry = *find_link(cache, type, id, key_hash(type, id));

        if (!entry)
                return NULL;
        note_use(entry);
        if (entry != cache->newest) {
                unlink_use(cache, entry);
                link_newest(cache, entry);
        }
        return &entry->cached;
}

static void grow(AggregateCache *cache)
{
        size_t n = cache->n_buckets * 2;
        Entry **buckets = calloc(n, sizeof(Entry *));

        if (!buckets)
                return; /* longer chains, nothing worse */
        for (Entry *entry = cache->newest; entry; entry = entry->older) {
                entry->chain = buckets[entry->hash & (n - 1)];
                buckets[entry->hash & (n - 1)] = entry;
        }
        free(cache->buckets);
        cache->buckets = buckets;
        cache->n_buckets = n;
}

CachedAggregate *aggregate_cache_add(AggregateCache *cache, const char *id, Aggregate *aggregate)
{
        uint64_t hash = key_hash(aggregate->type, id);
        size_t id_size = strlen(id) + 1;
        Entry *entry, **link;

        if (cache->n_entries >= cache->n_buckets)
                grow(cache);
        link = find_link(cache, aggregate->type, id, hash);
        assert(!*link);
        entry = calloc(1, sizeof *entry + id_size);
        if (!entry)
                abort(); /* as Buffer: nothing sensible is left to do */
        memcpy(entry->id, id, id_size);
        entry->cached = (CachedAggregate){
                .id = entry->id,
                .aggregate = aggregate,
                .partition = -1,
        };
        entry->hash = hash;
        note_use(entry);
        entry->chain = *link;
        *link = entry;
        link_newest(cache, entry);
        cache->n_entries++;
        return &entry->cached;
}

void aggregate_cache_drop(AggregateCache *cache, const AggregateType *type, const char *id)
{
        Entry **link = find_link(cache, type, id, key_hash(type, id));

        if (*link)
                remove_entry(cache, link);
}

static void drop_oldest(AggregateCache *cache)
{
        const Entry *entry = cache->oldest;

        aggregate_cache_drop(cache, entry->cached.aggregate->type, entry->id);
}

void aggregate_cache_clear(AggregateCache *cache)
{
        while (cache->oldest)
                drop_oldest(cache);
}

/* Used and changed ones are at the newest end, since use moves them there. */

CachedAggregate *aggregate_cache_next_used(AggregateCache *cache, const CachedAggregate *previous)
{
        Entry *entry = previous ? ((const Entry *)previous)->older : cache->newest;

        if (!entry || !entry->used)
                return NULL;
        entry->used = false;
        return &entry->cached;
}

void aggregate_cache_trim(AggregateCache *cache)
{
        for (Entry *entry = cache->newest; entry && entry->changed; entry = entry->older) {
                size_t bytes = sizeof *entry + strlen(entry->id) + 1 +
                               aggregate_bytes(entry->cached.aggregate);

                cache->bytes += bytes - entry->bytes;
                entry->bytes = bytes;
                entry->changed = false;
        }
        while (cache->bytes > cache->bytes_max && cache->oldest != cache->newest)
                drop_oldest(cache);
}

size_t aggregate_cache_bytes(const AggregateCache *cache)
{
        return cache->bytes;
}
