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

typedef struct RelayLog {
        const char *aggregate_type; /* static text */
        char *topic;
        int32_t partition;
        atomic_bool leased;   /* this process is its relay */
        int64_t acknowledged; /* by the broker, without gaps */
        int64_t produced;     /* handed to the producer */
        int64_t noted;        /* acknowledged, as the store knows it */
        int64_t sampled;      /* a produced position whose way is timed; 0 when none is */
        int64_t sampled_stored_us;
        _Atomic int64_t committed; /* the highest position known to be in the store */

        /* committed by this process, ascending, maybe with gaps (other instances, or no room) */
        pthread_mutex_t lock;
        StoredEvents **offers; /* ring */
        size_t first, n_offers, capacity;
        size_t offer_bytes;
        size_t offer_bytes_max;
} RelayLog;

void relay_log_init(RelayLog *log, const char *aggregate_type, int32_t partition,
                    const char *topic_prefix, size_t offer_bytes_max);
void relay_log_deinit(RelayLog *log);

/* Thread: any. Takes a reference, or lets the store keep it alone when there is no room. */
void relay_log_offer(RelayLog *log, StoredEvents *events);

/* The offered events that begin at or before @position and reach it; NULL when memory has them not.
 * Older offers are dropped. The reference goes to the caller. */
StoredEvents *relay_log_take(RelayLog *log, int64_t position);

/* Forget the offers: the lease is somebody else's. */
void relay_log_drop_offers(RelayLog *log);

/* Begin again behind @published. */
void relay_log_rewind(RelayLog *log, int64_t published);
