#include "common/event/event_codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"

void event_encode(Buffer *buffer, const char *key, const Event *event)
{
        char id[UUID_TEXT_SIZE], version[12];

        uuid_format(&event->id, id);
        json_write_object(buffer, key);
        json_write_string(buffer, "eventId", id);
        json_write_string(buffer, "eventType", event->type);
        json_write_string(buffer, "aggregateId", event->aggregate_id);
        json_write_int(buffer, "eventSequence", event->sequence);
        json_write_raw(buffer, "eventData", event->data);
        json_write_string(buffer, "correlationId", event->correlation_id);
        json_write_time(buffer, "timestamp", event->timestamp_us);
        (void)snprintf(version, sizeof version, "%d", event->version);
        json_write_string(buffer, "version", version); /* a string in the envelope's definition */
        json_write_raw(buffer, "metadata", event->metadata);
        json_write_object_end(buffer);
}

void event_decoder_deinit(EventDecoder *decoder)
{
        json_fields_deinit(&decoder->fields);
        json_fields_deinit(&decoder->metadata);
}

static ErrorCode bad_field(Error *err, const char *field, const char *expected)
{
        return error_set_field(err, ERROR_MALFORMED, field, "event field \"%s\" must be %s", field,
                               expected);
}

static ErrorCode read_string(JsonFields *fields, const char *key, const char **ret, Error *err)
{
        const char *text = json_fields_string(fields, key);

        if (!text || !*text)
                return bad_field(err, key, "a non-empty string");
        *ret = text;
        return ERROR_NONE;
}

static ErrorCode read_object(JsonFields *fields, const char *key, JsonSpan *ret, Error *err)
{
        JsonSpan span = json_fields_get(fields, key);

        if (json_span_kind(span) != JSON_KIND_OBJECT)
                return bad_field(err, key, "an object");
        *ret = span;
        return ERROR_NONE;
}

static ErrorCode read_scalars(JsonFields *fields, Event *event, Error *err)
{
        const char *text;
        char *end;
        long version;

        text = json_fields_string(fields, "eventId");
        if (!text || !uuid_parse(text, strlen(text), &event->id))
                return bad_field(err, "eventId", "a UUID");
        if (!json_fields_int64(fields, "eventSequence", &event->sequence) || event->sequence < 1)
                return bad_field(err, "eventSequence", "a positive integer");
        text = json_fields_string(fields, "timestamp");
        if (!text || clock_parse(text, strlen(text), &event->timestamp_us, NULL))
                return bad_field(err, "timestamp", "an RFC 3339 date-time");
        text = json_fields_string(fields, "version");
        /* Digits only: strtol() would take white space and a sign too. */
        version = text && *text >= '1' && *text <= '9' ? strtol(text, &end, 10) : 0;
        if (version < 1 || version > INT32_MAX || *end)
                return bad_field(err, "version", "a positive number in a string");
        event->version = (int)version;
        return ERROR_NONE;
}

ErrorCode event_decode(EventDecoder *decoder, Event *ret, const char *text, size_t size, Error *err)
{
        JsonFields *fields = &decoder->fields;
        Event event = { 0 };
        ErrorCode code;

        code = json_fields_parse(fields, text, size, err);
        if (!code)
                code = read_string(fields, "eventType", &event.type, err);
        if (!code)
                code = read_string(fields, "aggregateId", &event.aggregate_id, err);
        if (!code)
                code = read_string(fields, "correlationId", &event.correlation_id, err);
        if (!code)
                code = read_object(fields, "eventData", &event.data, err);
        if (!code)
                code = read_object(fields, "metadata", &event.metadata, err);
        if (!code)
                code = read_scalars(fields, &event, err);
        if (!code)
                code = json_fields_parse(&decoder->metadata, event.metadata.text,
                                         event.metadata.size, err);
        if (!code)
                code = read_string(&decoder->metadata, "aggregateType", &event.aggregate_type, err);
        if (code)
                return code;
        *ret = event;
        return ERROR_NONE;
}
