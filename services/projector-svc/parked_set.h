#pragma once

/*
 * parked_set.h — which aggregates a view holds back, by the log partition that their events are in.
 */

#include <stdbool.h>
#include <stddef.h>

#include "feed.h"

typedef struct ParkedEntry ParkedEntry;

typedef struct ParkedSet {
        ParkedEntry *entries;
        size_t n_entries, capacity;
        uint32_t *slots; /* open addressing: entry number + 1, 0 is free */
        size_t n_slots;  /* a power of two, at least twice the capacity */
} ParkedSet;

#define PARKED_SET_INIT ((ParkedSet){ .entries = NULL })

void parked_set_deinit(ParkedSet *set);

/* Nothing when it is there already. Running out of memory ends the process. */
void parked_set_add(ParkedSet *set, const Feed *feed, const char *aggregate_id);
void parked_set_remove(ParkedSet *set, const Feed *feed, const char *aggregate_id);

/* Forget the aggregates of a feed. */
void parked_set_forget(ParkedSet *set, const Feed *feed);
void parked_set_clear(ParkedSet *set);

/* Asked for every event: costs nothing while the set is empty. */
bool parked_set_has(const ParkedSet *set, const Feed *feed, const char *aggregate_id);

static inline size_t parked_set_count(const ParkedSet *set)
{
        return set->n_entries;
}
