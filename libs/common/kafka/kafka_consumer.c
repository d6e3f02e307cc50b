#include "common/kafka/kafka_consumer.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/kafka/kafka_client.h"

DEFINE_CLEANUP(rd_kafka_topic_partition_list_t *, rd_kafka_topic_partition_list_destroy)
DEFINE_CLEANUP(rd_kafka_error_t *, rd_kafka_error_destroy)
DEFINE_CLEANUP(rd_kafka_queue_t *, rd_kafka_queue_destroy)

#define WAKE_TIMEOUT_MS 100

ErrorCode kafka_consumer_new(rd_kafka_t **ret, const KafkaConsumerOptions *options, Error *err)
{
        char queue_kbytes[21];
        const char *const settings[][2] = {
                { "group.id", options->group_id },
                { "enable.auto.commit", "false" },
                { "enable.auto.offset.store", "false" },
                { "auto.offset.reset", "error" },
                { "enable.partition.eof", "true" },
                { "isolation.level", "read_committed" },
                { "check.crcs", "true" },
                { "fetch.min.bytes", "1" },
                { "fetch.wait.max.ms", "50" },
                { "fetch.error.backoff.ms", "50" },
                { "fetch.message.max.bytes", "131072" }, /* of a partition at a time, compressed */
                { "queued.min.messages", "1000000" },    /* the bytes decide */
                { "queued.max.messages.kbytes", queue_kbytes },
                { NULL, NULL },
        };
        rd_kafka_t *consumer;
        rd_kafka_conf_t *conf;
        ErrorCode code;

        assert(ret && options->brokers && options->client_id && options->group_id);

        (void)snprintf(queue_kbytes, sizeof queue_kbytes, "%" PRId64, options->queue_kbytes);
        code = kafka_conf_new(&conf, options->brokers, options->client_id, err);
        if (code)
                return code;
        code = kafka_settings_apply(conf, settings, err);
        if (code) {
                rd_kafka_conf_destroy(conf);
                return code;
        }
        code = kafka_client_new(&consumer, RD_KAFKA_CONSUMER, conf, err);
        if (code)
                return code;
        (void)rd_kafka_poll_set_consumer(consumer);
        *ret = consumer;
        return ERROR_NONE;
}

void kafka_consumer_free(rd_kafka_t *consumer)
{
        if (consumer) /* rd_kafka_consumer_close() waits for a coordinator, and there is nothing to leave */
                rd_kafka_destroy_flags(consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

static ErrorCode change(rd_kafka_t *consumer, const char *topic, int32_t partition, int64_t offset,
                        rd_kafka_error_t *(*fn)(rd_kafka_t *,
                                                const rd_kafka_topic_partition_list_t *),
                        Error *err)
{
        _cleanup_(rd_kafka_topic_partition_list_destroyp) rd_kafka_topic_partition_list_t *list =
                rd_kafka_topic_partition_list_new(1);
        _cleanup_(rd_kafka_error_destroyp) rd_kafka_error_t *fault = NULL;

        rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
        fault = fn(consumer, list);
        if (fault)
                return error_set(err, ERROR_INTERNAL,
                                 "could not assign \"%s\" partition %" PRId32 ": %s", topic,
                                 partition, rd_kafka_error_string(fault));
        return ERROR_NONE;
}

void kafka_consumer_unassign(rd_kafka_t *consumer, const char *topic, int32_t partition)
{
        (void)!change(consumer, topic, partition, RD_KAFKA_OFFSET_INVALID,
                      rd_kafka_incremental_unassign, NULL);
}

static bool is_assigned(rd_kafka_t *consumer, const char *topic, int32_t partition)
{
        _cleanup_(rd_kafka_topic_partition_list_destroyp) rd_kafka_topic_partition_list_t *list =
                NULL;

        if (rd_kafka_assignment(consumer, &list))
                return false;
        return rd_kafka_topic_partition_list_find(list, topic, partition) != NULL;
}

ErrorCode kafka_consumer_assign(rd_kafka_t *consumer, const char *topic, int32_t partition,
                                int64_t offset, Error *err)
{
        /* By assigning anew, not by seeking: a seek in librdkafka 2.0.2 waits a thousandth of its timeout. */
        if (is_assigned(consumer, topic, partition))
                kafka_consumer_unassign(consumer, topic, partition);
        return change(consumer, topic, partition, offset, rd_kafka_incremental_assign, err);
}

void kafka_consumer_wake(rd_kafka_t *consumer, const char *topic, int32_t partition)
{
        int64_t low, high;

        (void)rd_kafka_query_watermark_offsets(consumer, topic, partition, &low, &high,
                                               WAKE_TIMEOUT_MS);
}

size_t kafka_consumer_queued(rd_kafka_t *consumer)
{
        _cleanup_(rd_kafka_queue_destroyp) rd_kafka_queue_t *queue =
                rd_kafka_queue_get_consumer(consumer);

        return queue ? rd_kafka_queue_length(queue) : 0;
}
