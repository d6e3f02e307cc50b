#include "parked_set.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/hash.h"

#define CAPACITY_FIRST 16

struct ParkedEntry {
        uint64_t hash;
        const Feed *feed;
        char *aggregate_id;
};

void parked_set_deinit(ParkedSet *set)
{
        parked_set_clear(set);
        free(set->entries);
        free(set->slots);
        *set = PARKED_SET_INIT;
}

/* The slot of an aggregate, or the free one where it would be. */
static uint32_t *find(const ParkedSet *set, uint64_t hash, const Feed *feed,
                      const char *aggregate_id)
{
        for (size_t at = hash;; at++) {
                uint32_t *slot = &set->slots[at & (set->n_slots - 1)];
                const ParkedEntry *entry = *slot ? &set->entries[*slot - 1] : NULL;

                if (!entry || (entry->hash == hash && entry->feed == feed &&
                               strcmp(entry->aggregate_id, aggregate_id) == 0))
                        return slot;
        }
}

static void index_entries(ParkedSet *set)
{
        memset(set->slots, 0, set->n_slots * sizeof *set->slots);
        for (size_t i = 0; i < set->n_entries; i++) {
                const ParkedEntry *entry = &set->entries[i];

                *find(set, entry->hash, entry->feed, entry->aggregate_id) = (uint32_t)i + 1;
        }
}

static void grow(ParkedSet *set)
{
        size_t capacity = set->capacity ? set->capacity * 2 : CAPACITY_FIRST;
        ParkedEntry *entries = realloc(set->entries, capacity * sizeof *entries);
        uint32_t *slots = realloc(set->slots, capacity * 2 * sizeof *slots);

        if (!entries || !slots)
                abort();
        set->entries = entries;
        set->slots = slots;
        set->capacity = capacity;
        set->n_slots = capacity * 2;
        index_entries(set);
}

bool parked_set_has(const ParkedSet *set, const Feed *feed, const char *aggregate_id)
{
        return set->n_entries &&
               *find(set, hash_bytes(aggregate_id, strlen(aggregate_id)), feed, aggregate_id);
}

void parked_set_add(ParkedSet *set, const Feed *feed, const char *aggregate_id)
{
        uint64_t hash = hash_bytes(aggregate_id, strlen(aggregate_id));
        char *copy;

        if (parked_set_has(set, feed, aggregate_id))
                return;
        if (set->n_entries == set->capacity)
                grow(set);
        copy = strdup(aggregate_id);
        if (!copy)
                abort();
        set->entries[set->n_entries++] = (ParkedEntry){ hash, feed, copy };
        *find(set, hash, feed, aggregate_id) = (uint32_t)set->n_entries;
}

static void remove_if(ParkedSet *set, const Feed *feed, const char *aggregate_id)
{
        size_t kept = 0;

        for (size_t i = 0; i < set->n_entries; i++) {
                ParkedEntry *entry = &set->entries[i];

                if (entry->feed == feed &&
                    (!aggregate_id || strcmp(entry->aggregate_id, aggregate_id) == 0))
                        free(entry->aggregate_id);
                else
                        set->entries[kept++] = *entry;
        }
        if (kept == set->n_entries)
                return;
        set->n_entries = kept;
        index_entries(set);
}

void parked_set_remove(ParkedSet *set, const Feed *feed, const char *aggregate_id)
{
        remove_if(set, feed, aggregate_id);
}

void parked_set_forget(ParkedSet *set, const Feed *feed)
{
        remove_if(set, feed, NULL);
}

void parked_set_clear(ParkedSet *set)
{
        for (size_t i = 0; i < set->n_entries; i++)
                free(set->entries[i].aggregate_id);
        set->n_entries = 0;
        if (set->n_slots)
                index_entries(set);
}
