#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/kafka/kafka_client.h"

#define LOOK_EVERY_US (100 * US_PER_MS)
#define ASK_EVERY_US  US_PER_SEC /* a broker that has just come back refuses at first */

DEFINE_CLEANUP(rd_kafka_t *, rd_kafka_destroy)
DEFINE_CLEANUP(rd_kafka_queue_t *, rd_kafka_queue_destroy)
DEFINE_CLEANUP(rd_kafka_event_t *, rd_kafka_event_destroy)
DEFINE_CLEANUP(rd_kafka_topic_t *, rd_kafka_topic_destroy)
DEFINE_CLEANUP(rd_kafka_NewTopic_t *, rd_kafka_NewTopic_destroy)
DEFINE_CLEANUP(rd_kafka_NewPartitions_t *, rd_kafka_NewPartitions_destroy)

static int left_ms(int64_t deadline_us)
{
        int64_t left = (deadline_us - clock_monotonic_us()) / US_PER_MS;

        return left < 1 ? 1 : (int)left;
}

/* A broker that makes topics on first use may make it now. */
ErrorCode kafka_topic_partitions(rd_kafka_t *client, const char *name, int *ret,
                                 int64_t deadline_us, Error *err)
{
        _cleanup_(rd_kafka_topic_destroyp) rd_kafka_topic_t *topic =
                rd_kafka_topic_new(client, name, NULL);
        const struct rd_kafka_metadata *metadata = NULL;
        rd_kafka_resp_err_t fault;

        fault = rd_kafka_metadata(client, 0, topic, &metadata, left_ms(deadline_us));
        if (fault)
                return error_set(err, ERROR_UNAVAILABLE, "Kafka cannot be reached: %s",
                                 rd_kafka_err2str(fault));
        *ret = metadata->topic_cnt == 1 && !metadata->topics[0].err
                       ? metadata->topics[0].partition_cnt
                       : 0;
        rd_kafka_metadata_destroy(metadata);
        return ERROR_NONE;
}

/* What was answered. Unless it was refused for good, the partition count tells afterwards. */
static ErrorCode read_answer(const rd_kafka_topic_result_t **results, size_t n, Error *err)
{
        for (size_t i = 0; i < n; i++) {
                rd_kafka_resp_err_t fault = rd_kafka_topic_result_error(results[i]);

                if (kafka_is_refusal(fault))
                        return error_set(err, ERROR_INVALID, "topic %s is refused: %s",
                                         rd_kafka_topic_result_name(results[i]),
                                         rd_kafka_err2str(fault));
        }
        return ERROR_NONE;
}

/* Ask for the topic. */
static ErrorCode create_topic(rd_kafka_t *client, const KafkaTopic *topic, int replication,
                              int min_insync, int64_t deadline_us, Error *err)
{
        _cleanup_(rd_kafka_queue_destroyp) rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
        _cleanup_(rd_kafka_NewTopic_destroyp) rd_kafka_NewTopic_t *new_topic = NULL;
        _cleanup_(rd_kafka_event_destroyp) rd_kafka_event_t *event = NULL;
        const rd_kafka_CreateTopics_result_t *result;
        const rd_kafka_topic_result_t **results = NULL;
        size_t n = 0;
        char text[256], insync[12];

        new_topic = rd_kafka_NewTopic_new(topic->name, topic->partitions, replication, text,
                                          sizeof text);
        if (!new_topic)
                return error_set(err, ERROR_INVALID, "topic %s: %s", topic->name, text);
        (void)snprintf(insync, sizeof insync, "%d", min_insync);
        (void)rd_kafka_NewTopic_set_config(new_topic, "min.insync.replicas", insync);
        (void)rd_kafka_NewTopic_set_config(new_topic, "retention.ms", "-1");
        (void)rd_kafka_NewTopic_set_config(new_topic, "max.message.bytes", "8388608");
        for (const char *const(*setting)[2] = topic->settings; setting && (*setting)[0]; setting++)
                (void)rd_kafka_NewTopic_set_config(new_topic, (*setting)[0], (*setting)[1]);
        rd_kafka_CreateTopics(client, &new_topic, 1, NULL, queue);
        event = rd_kafka_queue_poll(queue, left_ms(deadline_us));
        if (event && (result = rd_kafka_event_CreateTopics_result(event)))
                results = rd_kafka_CreateTopics_result_topics(result, &n);
        return read_answer(results, n, err);
}

/* Ask for more partitions. */
static ErrorCode add_partitions(rd_kafka_t *client, const KafkaTopic *topic, int64_t deadline_us,
                                Error *err)
{
        _cleanup_(rd_kafka_queue_destroyp) rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
        _cleanup_(rd_kafka_NewPartitions_destroyp) rd_kafka_NewPartitions_t *more = NULL;
        _cleanup_(rd_kafka_event_destroyp) rd_kafka_event_t *event = NULL;
        const rd_kafka_CreatePartitions_result_t *result;
        const rd_kafka_topic_result_t **results = NULL;
        size_t n = 0;
        char text[256];

        more = rd_kafka_NewPartitions_new(topic->name, (size_t)topic->partitions, text,
                                          sizeof text);
        if (!more)
                return error_set(err, ERROR_INVALID, "topic %s: %s", topic->name, text);
        rd_kafka_CreatePartitions(client, &more, 1, NULL, queue);
        event = rd_kafka_queue_poll(queue, left_ms(deadline_us));
        if (event && (result = rd_kafka_event_CreatePartitions_result(event)))
                results = rd_kafka_CreatePartitions_result_topics(result, &n);
        return read_answer(results, n, err);
}

static ErrorCode ensure_topic(rd_kafka_t *client, const KafkaTopic *topic, int replication,
                              int min_insync, int64_t deadline_us, Error *err)
{
        int64_t ask_at_us = 0;
        int partitions = 0;
        ErrorCode code;

        for (;;) {
                code = kafka_topic_partitions(client, topic->name, &partitions, deadline_us, err);
                if (code)
                        return code;
                if (partitions >= topic->partitions || (partitions > 0 && topic->keeps_partitions))
                        return ERROR_NONE;
                if (clock_monotonic_us() >= deadline_us)
                        return error_set(err, ERROR_UNAVAILABLE,
                                         "topic %s has %d of %" PRId32 " partitions and could not "
                                         "be given the rest",
                                         topic->name, partitions, topic->partitions);
                if (clock_monotonic_us() >= ask_at_us) {
                        code = partitions > 0 ? add_partitions(client, topic, deadline_us, err)
                                              : create_topic(client, topic, replication, min_insync,
                                                             deadline_us, err);
                        ask_at_us = clock_monotonic_us() + ASK_EVERY_US;
                }
                if (code)
                        return code;
                clock_wait_us(LOOK_EVERY_US);
        }
}

ErrorCode kafka_topics_ensure(const char *brokers, const KafkaTopic *topics, size_t n,
                              int replication, int min_insync, int64_t deadline_us, Error *err)
{
        static const char *const settings[][2] = { { "allow.auto.create.topics", "true" },
                                                   { NULL, NULL } };
        _cleanup_(rd_kafka_destroyp) rd_kafka_t *client = NULL;
        rd_kafka_conf_t *conf;
        ErrorCode code;

        code = kafka_conf_new(&conf, brokers, "skafu-topics", err);
        if (code)
                return code;
        /* Only librdkafka's built-in cluster listens to this; a real broker is asked by CreateTopics. */
        code = kafka_settings_apply(conf, settings, err);
        if (code) {
                rd_kafka_conf_destroy(conf);
                return code;
        }
        code = kafka_client_new(&client, RD_KAFKA_PRODUCER, conf, err);
        for (size_t i = 0; !code && i < n; i++)
                code = ensure_topic(client, &topics[i], replication, min_insync, deadline_us, err);
        return code;
}
