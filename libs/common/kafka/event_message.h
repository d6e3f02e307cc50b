#pragma once

/*
 * event_message.h — an event as a Kafka message: key, envelope, CloudEvents headers in binary mode.
 */

#include "common/event/event_codec.h"
#include "common/kafka/kafka.h"

/**
 * event_message_produce() - hand @event to the producer
 * @topic:    full name; the partition is the event's own
 * @scratch:  reused for the envelope; librdkafka copies it
 * @opaque:   comes back as message->_private in the delivery callback
 *
 * Return: ERROR_NONE; ERROR_UNAVAILABLE when the queue is full (poll and try again, never drop) or the
 *         producer is in a fatal state; ERROR_INTERNAL.
 */
_must_check_ ErrorCode event_message_produce(rd_kafka_t *producer, const char *topic,
                                             const Event *event, Buffer *scratch, void *opaque,
                                             Error *err);

/* Marks an event that is published once more, in the headers skafu-replay-id and skafu-replay-name. */
typedef struct EventReplay {
        const char *id, *name;
} EventReplay;

/* As event_message_produce(), marked. */
_must_check_ ErrorCode event_message_produce_again(rd_kafka_t *producer, const char *topic,
                                                   const Event *event, const EventReplay *replay,
                                                   Buffer *scratch, void *opaque, Error *err);

/* What the headers say, without looking at the envelope: the position (false when there is none that
 * can be read) and the event type (NULL when absent; owned by the message). */
bool event_message_position(const rd_kafka_message_t *message, int64_t *ret);
const char *event_message_type(const rd_kafka_message_t *message);

/**
 * event_message_decode() - read a message of a …events topic
 * @decoder:  owns the strings of @ret until it is used again; data and metadata point into @message
 *
 * Partition comes from the message, position from the header skafu-position.
 * Key, ce_id and ce_type may be absent, but must not contradict the envelope.
 * Return: ERROR_NONE, or ERROR_MALFORMED naming field or header.
 */
_must_check_ ErrorCode event_message_decode(EventDecoder *decoder,
                                            const rd_kafka_message_t *message, Event *ret,
                                            Error *err);
