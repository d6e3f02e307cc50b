#pragma once

/*
 * event_codec.h — an event to JSON and back, with the envelope's field names:
 * eventId, eventType, aggregateId, eventSequence, eventData, correlationId, timestamp, version, metadata.
 */

#include "common/base/json_fields.h"
#include "common/event/event.h"

/* Append @event as a JSON object; data and metadata go in untouched. */
void event_encode(Buffer *buffer, const char *key, const Event *event);

/* Strings of a decoded event live here; reuse it for the next one. */
typedef struct EventDecoder {
        JsonFields fields;
        JsonFields metadata;
} EventDecoder;

#define EVENT_DECODER_INIT ((EventDecoder){ .fields = JSON_FIELDS_INIT })

void event_decoder_deinit(EventDecoder *decoder);

/**
 * event_decode() - read an envelope
 * @decoder:  owns the strings of @ret until it is used again
 * @text:     borrowed; data and metadata of @ret are spans of it
 *
 * aggregate_type comes from metadata.aggregateType; partition and position are 0: they are not part of
 * the envelope (Kafka's partition, header skafu-position).
 * Thread: the caller's.
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED naming the field.
 */
_must_check_ ErrorCode event_decode(EventDecoder *decoder, Event *ret, const char *text,
                                    size_t size, Error *err);
