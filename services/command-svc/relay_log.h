#pragma once

/*
 * relay_log.h — one log partition on its way to its topic: what is committed, produced, acknowledged.
 *
 *      acknowledged <= produced <= committed
 *
 * Positions rise by one, so these three numbers say everything. Thread: the relay's, except
 * relay_log_offer().
 */

#include <stdatomic.h>

#include "stored_events.h"

#define RELAY_MARKS_MAX 8

/* By when the broker had acknowledged everything up to a position. */
typedef struct RelayMark {
        int64_t position;
        int64_t at_us;     /* wall clock */
        int64_t opened_us; /* the first acknowledgement that it stands for */
} RelayMark;

typedef struct RelayLog {
        const char *aggregate_type; /* static text */
        char *topic;
        int32_t partition;
        atomic_bool leased;   /* this process is its relay */
        int64_t acknowledged; /* by the broker, without gaps */
        int64_t produced;     /* handed to the producer */
        int64_t queued_bytes; /* produced and not acknowledged: memory of the producer */
        int64_t event_bytes;  /* of a usual event, as it is produced */
        RelayMark marks
                [RELAY_MARKS_MAX]; /* not noted yet, ascending; the last is at ->acknowledged */
        size_t n_marks;
        int64_t sampled; /* a produced position whose way is timed; 0 when none is */
        int64_t sampled_stored_us;
        _Atomic int64_t committed; /* the highest position known to be in the store */

        /* committed by this process, ascending, maybe with gaps (other instances, or no room) */
        pthread_mutex_t lock;
        StoredEvents **offers; /* ring */
        size_t first, n_offers, capacity;
        size_t offer_bytes;
        size_t bytes_max; /* for the offers, and for what is produced */
} RelayLog;

void relay_log_init(RelayLog *log, const char *aggregate_type, int32_t partition,
                    const char *topic_prefix, size_t bytes_max);
void relay_log_deinit(RelayLog *log);

/* Thread: any. Takes a reference, or lets the store keep it alone when there is no room. */
void relay_log_offer(RelayLog *log, StoredEvents *events);

/* The offered events that begin at or before @position and reach it; NULL when memory has them not.
 * Older offers are dropped. The reference goes to the caller. */
StoredEvents *relay_log_take(RelayLog *log, int64_t position);

/* Forget the offers: the lease is somebody else's. */
void relay_log_drop_offers(RelayLog *log);

/* The producer has an event of @size bytes; and it has it no longer. */
void relay_log_note_queued(RelayLog *log, size_t size);
void relay_log_note_reported(RelayLog *log, size_t size);

/* The broker has acknowledged the next event. Acknowledgements that come close together share a mark. */
void relay_log_acknowledge(RelayLog *log, int64_t now_us);

/* Whether more may be produced: at most @window events, and about so many bytes as the log may have. */
bool relay_log_has_room(const RelayLog *log, int64_t window);

/* How many events of the store, @max at most, fit into the room that is left; never just a few. */
int relay_log_read_size(const RelayLog *log, int max);

/* Begin again behind @published. */
void relay_log_rewind(RelayLog *log, int64_t published);
