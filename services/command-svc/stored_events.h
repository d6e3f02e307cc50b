#pragma once

/*
 * stored_events.h — the events of one command after they were appended; counted, since the answer
 * and the relay look at the same memory.
 */

#include "common/domain/event_list.h"
#include "common/event/event.h"

typedef struct StoredEvents StoredEvents;

/* What all events of one command have in common; strings are copied. */
typedef struct StoredEventsHead {
        const char *aggregate_type; /* static text */
        const char *aggregate_id;
        const char *correlation_id;
        JsonSpan metadata;
        int64_t first_sequence;
} StoredEventsHead;

/**
 * stored_events_new() - events that were decided and are about to be appended; one reference
 * @list:  its text is taken over: the list is empty afterwards
 *
 * Event ids are made here; partition, positions and the time follow with stored_events_place().
 */
StoredEvents *stored_events_new(const StoredEventsHead *head, EventList *list);

/* Where and when the append put them. Before anybody else sees them. */
void stored_events_place(StoredEvents *stored, int32_t partition, int64_t first_position,
                         int64_t stored_at_us);

StoredEvents *stored_events_ref(StoredEvents *stored);
void stored_events_unref(StoredEvents *stored); /* NULL is fine; thread: any */
DEFINE_CLEANUP(StoredEvents *, stored_events_unref)

size_t stored_events_count(const StoredEvents *stored);
const Event *stored_events_at(const StoredEvents *stored, size_t index);
size_t stored_events_bytes(const StoredEvents *stored);
