#include <inttypes.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/kafka/event_message.h"
#include "common/store/store.h"
#include "verify.h"

#define KAFKA_TIMEOUT_MS 10000
#define READ_SIZE        1000

DEFINE_CLEANUP(rd_kafka_t *, rd_kafka_destroy)
DEFINE_CLEANUP(rd_kafka_topic_partition_list_t *, rd_kafka_topic_partition_list_destroy)

/* One partition of a topic beside the log of the store, both read front to back. */
typedef struct Walk {
        PGconn *conn;
        const VerifyLog *log;
        const char *topic;
        VerifyReport *report;
        EventBatch *stored; /* the events that are next in the store */
        size_t next;
        int64_t last;    /* position seen in the topic */
        int64_t seen;    /* up to log->end */
        int64_t repeats; /* of any */
} Walk;

static void walk_deinit(Walk *walk)
{
        event_batch_free(walk->stored);
}

/* The store's event at walk->last + 1; NULL when the log ends there. */
static ErrorCode next_stored(Walk *walk, const Event **ret, Error *err)
{
        ErrorCode code;

        if (!walk->stored || walk->next == walk->stored->n_events) {
                event_batch_free(TAKE_PTR(walk->stored));
                walk->next = 0;
                code = store_read_log(walk->conn, walk->log->aggregate_type, walk->log->partition,
                                      walk->last, READ_SIZE, &walk->stored,
                                      clock_monotonic_us() + VERIFY_TIMEOUT_US, err);
                if (code)
                        return code;
        }
        *ret = walk->next < walk->stored->n_events ? &walk->stored->events[walk->next] : NULL;
        return ERROR_NONE;
}

static bool same_span(JsonSpan a, JsonSpan b)
{
        return a.size == b.size && memcmp(a.text, b.text, a.size) == 0;
}

static bool same_event(const Event *a, const Event *b)
{
        return memcmp(&a->id, &b->id, sizeof a->id) == 0 && strcmp(a->type, b->type) == 0 &&
               strcmp(a->aggregate_id, b->aggregate_id) == 0 && a->sequence == b->sequence &&
               a->version == b->version && a->timestamp_us == b->timestamp_us &&
               same_span(a->data, b->data) && same_span(a->metadata, b->metadata);
}

static ErrorCode compare(Walk *walk, const Event *event, Error *err)
{
        const Event *stored;
        ErrorCode code;

        if (event->position <= walk->last) {
                walk->repeats++;
                return ERROR_NONE;
        }
        if (event->position != walk->last + 1) {
                verify_problem(walk->report,
                               "%s/%" PRId32 ": position %" PRId64 " follows %" PRId64, walk->topic,
                               walk->log->partition, event->position, walk->last);
                event_batch_free(TAKE_PTR(walk->stored));
                walk->last = event->position - 1;
        }
        code = next_stored(walk, &stored, err);
        if (code)
                return code;
        if (!stored || stored->position != event->position || !same_event(stored, event))
                verify_problem(walk->report,
                               "%s/%" PRId32 ": the event at position %" PRId64
                               " is not the store's",
                               walk->topic, walk->log->partition, event->position);
        walk->next++;
        walk->last = event->position;
        walk->seen += event->position <= walk->log->end;
        return ERROR_NONE;
}

static ErrorCode open_partition(const VerifyOptions *options, const char *topic, int32_t partition,
                                rd_kafka_t **ret, int64_t *ret_end, Error *err)
{
        _cleanup_(rd_kafka_topic_partition_list_destroyp) rd_kafka_topic_partition_list_t *list =
                rd_kafka_topic_partition_list_new(1);
        _cleanup_(rd_kafka_destroyp) rd_kafka_t *consumer = NULL;
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        rd_kafka_resp_err_t fault;
        char text[256];
        int64_t low = 0;
        static const char *const settings[][2] = {
                { "group.id", "skafuctl-verify" },
                { "enable.auto.commit", "false" },
                { "auto.offset.reset", "error" },
                { "broker.address.family", "v4" },
                { "check.crcs", "true" },
                { "isolation.level", "read_committed" },
                { "enable.partition.eof", "true" },
                { "queued.min.messages", "1000000" }, /* so that bytes decide what is read ahead */
                { "queued.max.messages.kbytes", "65536" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
                if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text))
                        return error_set(err, ERROR_INTERNAL, "%s", text);
        if (rd_kafka_conf_set(conf, "bootstrap.servers", options->kafka_brokers, text, sizeof text))
                return error_set(err, ERROR_INVALID, "%s", text);
        consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
        if (!consumer) {
                rd_kafka_conf_destroy(conf);
                return error_set(err, ERROR_INTERNAL, "%s", text);
        }
        (void)rd_kafka_poll_set_consumer(consumer);
        fault = rd_kafka_query_watermark_offsets(consumer, topic, partition, &low, ret_end,
                                                 KAFKA_TIMEOUT_MS);
        if (fault)
                return error_set(err, ERROR_UNAVAILABLE, "could not look at %s/%" PRId32 ": %s",
                                 topic, partition, rd_kafka_err2str(fault));
        rd_kafka_topic_partition_list_add(list, topic, partition)->offset = low;
        fault = rd_kafka_assign(consumer, list);
        if (fault)
                return error_set(err, ERROR_INTERNAL, "%s", rd_kafka_err2str(fault));
        if (low >= *ret_end)
                *ret_end = 0;
        *ret = TAKE_PTR(consumer);
        return ERROR_NONE;
}

/* Whether all that stood before @end was given: what is there may be nobody's message, of a transaction that was aborted,
 * or its mark. */
static bool is_eof(const rd_kafka_message_t *message, int64_t end)
{
        return message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF &&
               message->offset >= end;
}

/* Consume up to @end. */
static ErrorCode consume(Walk *walk, rd_kafka_t *consumer, int64_t end, Error *err)
{
        EventDecoder decoder = EVENT_DECODER_INIT;
        int64_t quiet_since_us = clock_monotonic_us();
        int64_t offset = -1; /* the last one read */
        ErrorCode code = ERROR_NONE;

        while (!code && offset + 1 < end) {
                _cleanup_(rd_kafka_message_destroyp) rd_kafka_message_t *message =
                        rd_kafka_consumer_poll(consumer, 100);
                Error fault;
                Event event;

                if (is_eof(message, end))
                        break;
                if (!message || message->err) {
                        if (clock_monotonic_us() - quiet_since_us > KAFKA_TIMEOUT_MS * US_PER_MS)
                                code = error_set(err, ERROR_UNAVAILABLE,
                                                 "%s/%" PRId32
                                                 " gives nothing behind offset %" PRId64,
                                                 walk->topic, walk->log->partition, offset);
                        continue;
                }
                quiet_since_us = clock_monotonic_us();
                offset = message->offset;
                if (event_message_decode(&decoder, message, &event, &fault))
                        verify_problem(walk->report,
                                       "%s/%" PRId32 ": the message at offset %" PRId64
                                       " cannot be read: %s",
                                       walk->topic, walk->log->partition, offset, fault.message);
                else
                        code = compare(walk, &event, err);
                if (walk->seen % READ_SIZE == 0)
                        verify_progress(walk->report, "%s/%" PRId32 ": %" PRId64 " of %" PRId64,
                                        walk->topic, walk->log->partition, walk->seen,
                                        walk->log->end);
        }
        event_decoder_deinit(&decoder);
        return code;
}

ErrorCode verify_topic(PGconn *conn, const VerifyOptions *options, const VerifyLog *log,
                       VerifyReport *report, Error *err)
{
        _cleanup_(buffer_deinit) Buffer topic = BUFFER_INIT;
        _cleanup_(rd_kafka_destroyp) rd_kafka_t *consumer = NULL;
        _cleanup_(walk_deinit) Walk walk = { .conn = conn, .log = log, .report = report };
        int64_t end = 0;
        ErrorCode code;

        buffer_printf(&topic, "%s.%s.events", options->topic_prefix, log->aggregate_type);
        walk.topic = topic.data;
        code = open_partition(options, topic.data, log->partition, &consumer, &end, err);
        if (!code)
                code = consume(&walk, consumer, end, err);
        if (code)
                return code;
        if (walk.last < log->end)
                verify_problem(report,
                               "%s/%" PRId32 " ends at position %" PRId64 ", the store at %" PRId64,
                               topic.data, log->partition, walk.last, log->end);
        verify_topic_line(report, topic.data, log->partition, log->end, walk.seen, walk.repeats);
        return ERROR_NONE;
}
