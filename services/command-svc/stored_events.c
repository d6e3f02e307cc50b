#include "stored_events.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

struct StoredEvents {
        atomic_int refs;
        size_t bytes;
        char *data;    /* eventData of all events, one behind the other */
        char *strings; /* aggregate id, correlation id, metadata */
        size_t n_events;
        Event events[];
};

static char *put(char **at, const char *text, size_t size)
{
        char *start = *at;

        memcpy(start, text, size);
        start[size] = '\0';
        *at += size + 1;
        return start;
}

StoredEvents *stored_events_new(const StoredEventsHead *head, EventList *list)
{
        size_t id_size = strlen(head->aggregate_id),
               correlation_size = strlen(head->correlation_id);
        size_t strings_size = id_size + correlation_size + head->metadata.size + 3;
        size_t data_size = list->text.size;
        StoredEvents *stored;
        Event common;
        char *at;

        stored = calloc(1, sizeof *stored + list->n_events * sizeof *stored->events);
        at = malloc(strings_size);
        if (!stored || !at)
                abort(); /* as Buffer: nothing sensible is left to do */
        atomic_init(&stored->refs, 1);
        stored->bytes =
                sizeof *stored + list->n_events * sizeof *stored->events + strings_size + data_size;
        stored->strings = at;
        common = (Event){
                .aggregate_type = head->aggregate_type,
                .aggregate_id = put(&at, head->aggregate_id, id_size),
                .correlation_id = put(&at, head->correlation_id, correlation_size),
                .metadata = { put(&at, head->metadata.text, head->metadata.size),
                              head->metadata.size },
        };
        stored->n_events = list->n_events;
        stored->data = buffer_take(&list->text);
        for (size_t i = 0; i < stored->n_events; i++) {
                const NewEvent *fresh = &list->events[i];
                Event *event = &stored->events[i];

                *event = common;
                event->id = uuid_new();
                event->type = fresh->type;
                event->version = fresh->version;
                event->sequence = head->first_sequence + (int64_t)i;
                event->data = (JsonSpan){ stored->data + fresh->data_start, fresh->data_size };
        }
        event_list_clear(list);
        return stored;
}

void stored_events_place(StoredEvents *stored, int32_t partition, int64_t first_position,
                         int64_t stored_at_us)
{
        for (size_t i = 0; i < stored->n_events; i++) {
                stored->events[i].partition = partition;
                stored->events[i].position = first_position + (int64_t)i;
                stored->events[i].timestamp_us = stored_at_us;
        }
}

StoredEvents *stored_events_ref(StoredEvents *stored)
{
        (void)atomic_fetch_add_explicit(&stored->refs, 1, memory_order_relaxed);
        return stored;
}

void stored_events_unref(StoredEvents *stored)
{
        if (!stored || atomic_fetch_sub_explicit(&stored->refs, 1, memory_order_acq_rel) != 1)
                return;
        free(stored->data);
        free(stored->strings);
        free(stored);
}

size_t stored_events_count(const StoredEvents *stored)
{
        return stored->n_events;
}

const Event *stored_events_at(const StoredEvents *stored, size_t index)
{
        assert(index < stored->n_events);
        return &stored->events[index];
}

size_t stored_events_bytes(const StoredEvents *stored)
{
        return stored->bytes;
}
