#include "common/kafka/event_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/event/event_trace.h"
#include "common/kafka/kafka_headers.h"

#define POSITION_HEADER "skafu-position"
#define TYPE_HEADER     "ce_type"
#define ID_HEADER       "ce_id"

/* NOLINTNEXTLINE(readability-function-size): as the two below */
static ErrorCode produce(rd_kafka_t *producer, const char *topic, const Event *event,
                         const EventReplay *replay, Buffer *scratch, void *opaque, Error *err)
{
        _cleanup_(rd_kafka_headers_destroyp) rd_kafka_headers_t *headers = NULL;
        char id[UUID_TEXT_SIZE], time[CLOCK_TEXT_SIZE], position[24], source[128],
                trace[EVENT_TRACE_SIZE];
        const KafkaHeader list[] = {
                { "ce_specversion", "1.0" },
                { ID_HEADER, id },
                { TYPE_HEADER, event->type },
                { "ce_source", source },
                { "ce_subject", event->aggregate_id },
                { "ce_time", time },
                { "content-type", "application/json" },
                { POSITION_HEADER, position },
                { "traceparent", event_traceparent(event, trace) },
                { "skafu-replay-id", replay ? replay->id : NULL },
                { "skafu-replay-name", replay ? replay->name : NULL },
        };
        rd_kafka_resp_err_t fault;
        ErrorCode code;

        uuid_format(&event->id, id);
        clock_format(event->timestamp_us, time);
        (void)snprintf(position, sizeof position, "%" PRId64, event->position);
        (void)snprintf(source, sizeof source, "/skafu/%s", event->aggregate_type);
        code = kafka_headers_new(&headers, list, ARRAY_SIZE(list), err);
        if (code)
                return code;
        buffer_clear(scratch);
        event_encode(scratch, NULL, event);
        fault = rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic),
                                  RD_KAFKA_V_PARTITION(event->partition),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                  /* RD_KAFKA_V_KEY casts const away */
                                  RD_KAFKA_VTYPE_KEY, event->aggregate_id,
                                  strlen(event->aggregate_id),
                                  RD_KAFKA_V_VALUE(scratch->data, scratch->size),
                                  RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(opaque),
                                  RD_KAFKA_V_END);
        if (!fault) {
                (void)TAKE_PTR(headers); /* the message owns them */
                return ERROR_NONE;
        }
        return error_set(err,
                         fault == RD_KAFKA_RESP_ERR__QUEUE_FULL || fault == RD_KAFKA_RESP_ERR__FATAL
                                 ? ERROR_UNAVAILABLE
                                 : ERROR_INTERNAL,
                         "could not produce to %s: %s", topic, rd_kafka_err2str(fault));
}

ErrorCode event_message_produce(rd_kafka_t *producer, const char *topic, const Event *event,
                                Buffer *scratch, void *opaque, Error *err)
{
        return produce(producer, topic, event, NULL, scratch, opaque, err);
}

ErrorCode event_message_produce_again(rd_kafka_t *producer, const char *topic, const Event *event,
                                      const EventReplay *replay, Buffer *scratch, void *opaque,
                                      Error *err)
{
        return produce(producer, topic, event, replay, scratch, opaque, err);
}

static const char *find_header(const rd_kafka_message_t *message, const char *name,
                               size_t *ret_size)
{
        rd_kafka_headers_t *headers;
        const void *value;

        if (rd_kafka_message_headers(message, &headers) ||
            rd_kafka_header_get_last(headers, name, &value, ret_size))
                return NULL;
        return value;
}

bool event_message_position(const rd_kafka_message_t *message, int64_t *ret)
{
        size_t size = 0;
        const char *text = find_header(message, POSITION_HEADER, &size);
        int64_t position = 0;

        if (!text)
                return false;
        for (size_t i = 0; i < size; i++) {
                int digit = text[i] - '0';

                if (digit < 0 || digit > 9 || position > (INT64_MAX - digit) / 10)
                        return false;
                position = position * 10 + digit;
        }
        if (position < 1)
                return false;
        *ret = position;
        return true;
}

const char *event_message_type(const rd_kafka_message_t *message)
{
        size_t size = 0;

        /* librdkafka puts a NUL behind every header's value */
        return find_header(message, TYPE_HEADER, &size);
}

static bool is_text(const char *bytes, size_t size, const char *text)
{
        return !bytes || (strlen(text) == size && memcmp(bytes, text, size) == 0);
}

/* Key and headers, where they are there, are of the event in the envelope. */
static ErrorCode check_envelope(const rd_kafka_message_t *message, const Event *event, Error *err)
{
        size_t id_size = 0, type_size = 0;
        const char *id = find_header(message, ID_HEADER, &id_size);
        const char *type = find_header(message, TYPE_HEADER, &type_size);
        char expected[UUID_TEXT_SIZE];

        uuid_format(&event->id, expected);
        if (!is_text(id, id_size, expected))
                return error_set_field(err, ERROR_MALFORMED, ID_HEADER,
                                       "header " ID_HEADER " is not the eventId");
        if (!is_text(type, type_size, event->type))
                return error_set_field(err, ERROR_MALFORMED, TYPE_HEADER,
                                       "header " TYPE_HEADER " is not the eventType");
        if (!is_text(message->key, message->key_len, event->aggregate_id))
                return error_set(err, ERROR_MALFORMED, "the message's key is not the aggregateId");
        return ERROR_NONE;
}

ErrorCode event_message_decode(EventDecoder *decoder, const rd_kafka_message_t *message, Event *ret,
                               Error *err)
{
        int64_t position = 0;
        ErrorCode code;

        if (!event_message_position(message, &position))
                return error_set_field(err, ERROR_MALFORMED, POSITION_HEADER,
                                       "header " POSITION_HEADER " must be a positive number");
        if (!message->payload)
                return error_set(err, ERROR_MALFORMED, "the message is empty");
        code = event_decode(decoder, ret, message->payload, message->len, err);
        if (!code)
                code = check_envelope(message, ret, err);
        if (code)
                return code;
        ret->partition = message->partition;
        ret->position = position;
        return ERROR_NONE;
}
