#pragma once

/*
 * domain.h — looking things up in a domain, and running its pure functions the way the engine does.
 */

#include "common/domain/aggregate.h"

/* All of these return NULL when there is no such thing. Thread: any. */
const AggregateType *domain_aggregate(const char *name);
const CommandType *domain_command(const char *name, const AggregateType **ret_aggregate);
const EventType *aggregate_event(const AggregateType *aggregate, const char *event_type);

/**
 * domain_check() - whether the tables are complete and agree with each other; run at start and in a test
 *
 * Names unique and well-formed, every command has rules and a decide, every event an evolve, snapshots
 * can be written and read.
 * Return: ERROR_NONE, or ERROR_INTERNAL saying what is wrong.
 */
_must_check_ ErrorCode domain_check(Error *err);

/**
 * payload_check() - check a payload against its command type's rules and index it
 * @text:        borrowed; @ret_fields points into it
 * @ret_fields:  initialised by the caller
 *
 * Return: ERROR_NONE; ERROR_MALFORMED (not JSON, wrong kind, unknown or missing field; err->field is
 *         "payload.name"); ERROR_TOO_LARGE for a field over its bytes.
 */
_must_check_ ErrorCode payload_check(const CommandType *type, const char *text, size_t size,
                                     JsonFields *ret_fields, Error *err);

/* Whether @actor may send @command to the aggregate in @state: ERROR_NONE or ERROR_FORBIDDEN. */
_must_check_ ErrorCode command_allowed(const AggregateType *aggregate, const void *state,
                                       const Command *command, Error *err);

/**
 * event_current_data() - index the eventData of @event at the current schema version
 * @upcast:  buffer for upcast text; must outlive @ret_fields' use
 *
 * Return: ERROR_NONE; ERROR_MALFORMED when the data cannot be read; ERROR_INVALID when the event type
 *         is unknown or its version is newer than this program.
 */
_must_check_ ErrorCode event_current_data(const AggregateType *aggregate, const Event *event,
                                          Buffer *upcast, JsonFields *ret_fields, Error *err);

/* An aggregate's state in memory; version 0 until an event was applied. */
typedef struct Aggregate {
        const AggregateType *type;
        int64_t version;
        void *state;
} Aggregate;

Aggregate *aggregate_new(const AggregateType *type);
void aggregate_free(Aggregate *aggregate);
DEFINE_CLEANUP(Aggregate *, aggregate_free)

/* Apply the event with sequence version + 1. Errors as event_current_data(); the state is then unchanged. */
_must_check_ ErrorCode aggregate_apply(Aggregate *aggregate, const Event *event, Error *err);

/* Whether aggregates of @type can be kept as text. */
bool aggregate_can_encode(const AggregateType *type);

/* Append the state as a JSON object. The type must be able to. */
void aggregate_encode(const Aggregate *aggregate, Buffer *ret);

/**
 * aggregate_decode() - the aggregate whose state aggregate_encode() wrote, at the type's state_version
 * @version:  of the aggregate, at least 1
 * @state:    from the store; checked
 *
 * Return: ERROR_NONE; ERROR_MALFORMED when it cannot be read.
 */
_must_check_ ErrorCode aggregate_decode(Aggregate **ret, const AggregateType *type, int64_t version,
                                        JsonSpan state, Error *err);

/* Bytes that the aggregate holds, for the cache's bound. */
size_t aggregate_bytes(const Aggregate *aggregate);
