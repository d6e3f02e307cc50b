#include "change_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/event/token.h"
#include "common/kafka/kafka_headers.h"

#define VALUE_BYTES_MAX ((size_t)8000 * 1024) /* the broker takes 8 MiB, key and headers included */
#define RESET_KEY       "%reset"              /* no row's: there, a percent sign is written %25 */

const char *change_kind(const Change *change)
{
        if (!change->id)
                return "reset";
        if (!change->old_row.text)
                return "created";
        return change->new_row.text ? "updated" : "deleted";
}

static void append_escaped(Buffer *key, const char *text)
{
        for (; *text; text++) {
                if (*text == '%' || *text == '/')
                        buffer_printf(key, "%%%02X", (unsigned)*text);
                else
                        buffer_append_char(key, *text);
        }
}

void change_message_key(Buffer *key, const Change *change)
{
        if (!change->id) {
                buffer_append_string(key, RESET_KEY);
                return;
        }
        if (strcmp(change->id, change->aggregate_id) != 0) {
                append_escaped(key, change->aggregate_id);
                buffer_append_char(key, '/');
        }
        append_escaped(key, change->id);
}

static void write_event(Buffer *value, const Change *change)
{
        Token token = { .partition = change->partition, .position = change->position };
        char text[TOKEN_TEXT_SIZE];

        if (!change->aggregate_type)
                return;
        (void)snprintf(token.aggregate_type, sizeof token.aggregate_type, "%s",
                       change->aggregate_type);
        token_format(&token, text);
        json_write_string(value, "aggregateType", change->aggregate_type);
        json_write_int(value, "partition", change->partition);
        json_write_int(value, "position", change->position);
        json_write_string(value, "eventId", change->event_id);
        json_write_string(value, "consistencyToken", text);
        if (change->traceparent)
                json_write_string(value, "traceparent", change->traceparent);
}

static void write_image(Buffer *value, const char *key, JsonSpan image, bool omit)
{
        if (!image.text || omit)
                json_write_null(value, key);
        else
                json_write_raw(value, key, image);
}

void change_message_value(Buffer *value, const char *view, const Change *change)
{
        size_t size = change->old_row.size + change->new_row.size;
        bool omit_old = size > VALUE_BYTES_MAX && change->old_row.text;
        bool omit_new = size - (omit_old ? change->old_row.size : 0) > VALUE_BYTES_MAX;

        json_write_object(value, NULL);
        json_write_string(value, "view", view);
        json_write_int(value, "changePosition", change->change_position);
        json_write_string(value, "change", change_kind(change));
        if (change->id) {
                json_write_string(value, "id", change->id);
                json_write_string(value, "aggregateId", change->aggregate_id);
        }
        write_event(value, change);
        json_write_time(value, "changedAt", change->changed_us);
        if (omit_old || omit_new) {
                json_write_array(value, "omitted");
                if (omit_old)
                        json_write_string(value, NULL, "old");
                if (omit_new)
                        json_write_string(value, NULL, "new");
                json_write_array_end(value);
        }
        if (change->id) {
                write_image(value, "old", change->old_row, omit_old);
                write_image(value, "new", change->new_row, omit_new);
        }
        json_write_object_end(value);
}

static bool is_delete(const Change *change)
{
        return change->id && change->old_row.text && !change->new_row.text;
}

uint32_t change_message_count(const ChangeTopic *topic, const Change *change)
{
        if (!change->id)
                return (uint32_t)topic->partitions;
        return is_delete(change) ? 2 : 1;
}

static ErrorCode make_headers(rd_kafka_headers_t **ret, const ChangeTopic *topic,
                              const Change *change, Error *err)
{
        char id[96], type[96], source[96], position[24], time[CLOCK_TEXT_SIZE];
        const KafkaHeader list[] = {
                { "ce_specversion", "1.0" },
                { "ce_id", id },
                { "ce_type", type },
                { "ce_source", source },
                { "ce_subject", change->id },
                { "ce_time", time },
                { "content-type", "application/json" },
                { "skafu-change", position },
                { "traceparent", change->traceparent },
        };

        (void)snprintf(id, sizeof id, "%s/%" PRId64, topic->view, change->change_position);
        (void)snprintf(type, sizeof type, "%s.%s", topic->view, change_kind(change));
        (void)snprintf(source, sizeof source, "/skafu/views/%s", topic->view);
        (void)snprintf(position, sizeof position, "%" PRId64, change->change_position);
        clock_format(change->changed_us, time);
        return kafka_headers_new(ret, list, ARRAY_SIZE(list), err);
}

/* @value: NULL makes a tombstone */
static ErrorCode produce(rd_kafka_t *producer, const ChangeTopic *topic, const Change *change,
                         int32_t partition, const Buffer *value, Error *err)
{
        _cleanup_(rd_kafka_headers_destroyp) rd_kafka_headers_t *headers = NULL;
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): a number, handed back as it is */
        void *opaque = (void *)(intptr_t)change->change_position;
        rd_kafka_resp_err_t fault;
        ErrorCode code = make_headers(&headers, topic, change, err);

        if (code)
                return code;
        fault = rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic->name),
                                  RD_KAFKA_V_PARTITION(partition),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                  RD_KAFKA_V_KEY(topic->key.data, topic->key.size),
                                  /* RD_KAFKA_V_VALUE casts const away */
                                  RD_KAFKA_VTYPE_VALUE, value ? value->data : NULL,
                                  value ? value->size : (size_t)0, RD_KAFKA_V_HEADERS(headers),
                                  RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
        if (!fault) {
                (void)TAKE_PTR(headers); /* the message owns them */
                return ERROR_NONE;
        }
        return error_set(err,
                         fault == RD_KAFKA_RESP_ERR__QUEUE_FULL ? ERROR_UNAVAILABLE
                                                                : ERROR_INTERNAL,
                         "could not produce to %s: %s", topic->name, rd_kafka_err2str(fault));
}

ErrorCode change_message_produce(rd_kafka_t *producer, ChangeTopic *topic, const Change *change,
                                 uint32_t *ret_done, Error *err)
{
        uint32_t n = change_message_count(topic, change);
        ErrorCode code = ERROR_NONE;

        buffer_clear(&topic->key);
        buffer_clear(&topic->value);
        change_message_key(&topic->key, change);
        change_message_value(&topic->value, topic->view, change);
        while (!code && *ret_done < n) {
                bool tombstone = change->id && *ret_done > 0;
                int32_t partition = change->id ? RD_KAFKA_PARTITION_UA : (int32_t)*ret_done;

                code = produce(producer, topic, change, partition, tombstone ? NULL : &topic->value,
                               err);
                if (!code)
                        ++*ret_done;
        }
        return code;
}
