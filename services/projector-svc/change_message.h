#pragma once

/*
 * change_message.h — a change of a row as a Kafka message. docs/change-feed.md describes it.
 */

#include "common/base/buffer.h"
#include "common/base/json_text.h"
#include "common/kafka/kafka.h"

typedef struct Change {
        int64_t change_position;
        const char *id;           /* NULL: no row, the feed begins anew */
        const char *aggregate_id; /* whose row it is */
        /* The event behind it; NULL and 0 when there is none. */
        const char *aggregate_type;
        int32_t partition;
        int64_t position;
        const char *event_id;
        const char *traceparent;
        int64_t changed_us;
        JsonSpan old_row, new_row; /* absent when there is none */
} Change;

/* "created", "updated", "deleted" or "reset". Static text. */
const char *change_kind(const Change *change);

/* Append the message's key: one per row, whatever the ids are. */
void change_message_key(Buffer *key, const Change *change);

/* Append the message's value. Images that make it larger than a broker takes are left out, the old one first, and
 * named. */
void change_message_value(Buffer *value, const char *view, const Change *change);

/* Where changes go, and room to build them. */
typedef struct ChangeTopic {
        const char *view;
        const char *name;
        int partitions;
        Buffer key, value;
} ChangeTopic;

/* How many messages change_message_produce() makes of it. */
uint32_t change_message_count(const ChangeTopic *topic, const Change *change);

/**
 * change_message_produce() - hand @change to the producer
 * @ret_done:  messages handed over; those are skipped when it is called again with the same number
 *
 * A delete is followed by a tombstone, a reset goes to every partition. change_position comes back as
 * message->_private.
 *
 * Return: ERROR_NONE; ERROR_UNAVAILABLE when the queue is full: poll and call again; ERROR_INTERNAL.
 */
_must_check_ ErrorCode change_message_produce(rd_kafka_t *producer, ChangeTopic *topic,
                                              const Change *change, uint32_t *ret_done, Error *err);
