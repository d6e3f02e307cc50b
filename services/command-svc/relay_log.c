#include "relay_log.h"

#include <assert.h>
#include <string.h>

#include "common/base/clock.h"

#define READ_SIZE_MIN 64 /* a query for each single event would be slower than the broker */

/* How exactly it is known when an event was published; a busy log has 50 marks a second. */
#define MARK_US (20 * US_PER_MS)

void relay_log_init(RelayLog *log, const char *aggregate_type, int32_t partition,
                    const char *topic_prefix, size_t bytes_max)
{
        _cleanup_(buffer_deinit) Buffer topic = BUFFER_INIT;

        *log = (RelayLog){ .aggregate_type = aggregate_type,
                           .partition = partition,
                           .event_bytes = 1024,
                           .bytes_max = bytes_max };
        buffer_printf(&topic, "%s.%s.events", topic_prefix, aggregate_type);
        log->topic = buffer_take(&topic);
        (void)pthread_mutex_init(&log->lock, NULL);
}

void relay_log_deinit(RelayLog *log)
{
        relay_log_drop_offers(log);
        (void)pthread_mutex_destroy(&log->lock);
        free(log->offers);
        free(log->topic);
}

static int64_t last_position(const StoredEvents *events)
{
        return stored_events_at(events, stored_events_count(events) - 1)->position;
}

static StoredEvents *pop(RelayLog *log)
{
        StoredEvents *events = log->offers[log->first];

        log->first = (log->first + 1) % log->capacity;
        log->n_offers--;
        log->offer_bytes -= stored_events_bytes(events);
        return events;
}

static bool grow(RelayLog *log)
{
        size_t capacity = log->capacity ? log->capacity * 2 : 64;
        StoredEvents **offers = calloc(capacity, sizeof(StoredEvents *));

        if (!offers)
                return false;
        for (size_t i = 0; i < log->n_offers; i++)
                offers[i] = log->offers[(log->first + i) % log->capacity];
        free(log->offers);
        log->offers = offers;
        log->first = 0;
        log->capacity = capacity;
        return true;
}

void relay_log_offer(RelayLog *log, StoredEvents *events)
{
        int64_t last = last_position(events);
        MUTEX_GUARD(&log->lock);

        if (last > atomic_load(&log->committed))
                atomic_store(&log->committed, last);
        if (!atomic_load(&log->leased) ||
            log->offer_bytes + stored_events_bytes(events) > log->bytes_max ||
            (log->n_offers == log->capacity && !grow(log)))
                return; /* not ours to publish, or the relay reads it back from the store */
        log->offers[(log->first + log->n_offers++) % log->capacity] = stored_events_ref(events);
        log->offer_bytes += stored_events_bytes(events);
}

StoredEvents *relay_log_take(RelayLog *log, int64_t position)
{
        MUTEX_GUARD(&log->lock);

        while (log->n_offers > 0) {
                StoredEvents *next = log->offers[log->first];

                if (stored_events_at(next, 0)->position > position)
                        return NULL;
                next = pop(log);
                if (last_position(next) >= position)
                        return next;
                stored_events_unref(next);
        }
        return NULL;
}

void relay_log_drop_offers(RelayLog *log)
{
        MUTEX_GUARD(&log->lock);

        while (log->n_offers > 0)
                stored_events_unref(pop(log));
}

void relay_log_note_queued(RelayLog *log, size_t size)
{
        log->queued_bytes += (int64_t)size;
        log->event_bytes += ((int64_t)size - log->event_bytes) / 8;
}

void relay_log_note_reported(RelayLog *log, size_t size)
{
        log->queued_bytes -= (int64_t)size;
}

bool relay_log_has_room(const RelayLog *log, int64_t window)
{
        return log->produced - log->acknowledged < window &&
               log->queued_bytes < (int64_t)log->bytes_max;
}

int relay_log_read_size(const RelayLog *log, int max)
{
        int64_t n = ((int64_t)log->bytes_max - log->queued_bytes) / log->event_bytes;

        if (n < READ_SIZE_MIN)
                n = READ_SIZE_MIN;
        return n < max ? (int)n : max;
}

void relay_log_acknowledge(RelayLog *log, int64_t now_us)
{
        RelayMark *last = log->n_marks ? &log->marks[log->n_marks - 1] : NULL;

        log->acknowledged++;
        if (!last || (log->n_marks < RELAY_MARKS_MAX && now_us - last->opened_us >= MARK_US)) {
                last = &log->marks[log->n_marks++];
                last->opened_us = now_us;
        }
        last->position = log->acknowledged;
        last->at_us = now_us;
}

void relay_log_rewind(RelayLog *log, int64_t published)
{
        relay_log_drop_offers(log);
        log->acknowledged = published;
        log->produced = published;
        log->n_marks = 0;
        log->sampled = 0;
}
