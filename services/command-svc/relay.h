#pragma once

/*
 * relay.h — publishes committed events to Kafka: per log partition in the order of positions, each at
 * least once, and once unless something died.
 *
 * One instance at a time is the relay of a log partition: the one whose session holds its advisory
 * lock, so a dead relay is replaced as soon as PostgreSQL notices that its connection is gone. Events
 * that this process appended are still in memory; all others are read by position range.
 */

#include "command_config.h"
#include "stored_events.h"

typedef struct Relay Relay;

/* @config outlives the relay. */
_must_check_ ErrorCode relay_new(Relay **ret, const CommandConfig *config, Error *err);
void relay_free(Relay *relay);
DEFINE_CLEANUP(Relay *, relay_free)

_must_check_ ErrorCode relay_start(Relay *relay, Error *err);

/* Publish what is known to be committed, for at most @deadline_us (monotonic), then end the thread. */
void relay_stop(Relay *relay, int64_t deadline_us);

/* Events that were just committed; a reference is taken. Never blocks. Thread: any. */
void relay_offer(Relay *relay, StoredEvents *events);

/* After one or several offers. Thread: any. */
void relay_wake(Relay *relay);

/* Whether the broker has been reached, and how many events wait for it. Thread: any. */
bool relay_connected(const Relay *relay);
int64_t relay_backlog(const Relay *relay);
