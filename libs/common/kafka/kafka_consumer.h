#pragma once

/*
 * kafka_consumer.h — a consumer whose partitions and offsets its owner decides.
 *
 * There is no group membership: nothing moves unless asked to. The group id only names the offsets that
 * are committed for lag tools. Nothing is stored or committed by itself, an offset that the topic no
 * longer has is an error (RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET in a message), and so is the end of a
 * partition (RD_KAFKA_RESP_ERR__PARTITION_EOF).
 */

#include "common/kafka/kafka.h"

typedef struct KafkaConsumerOptions {
        const char *brokers;
        const char *client_id;
        const char *group_id;
        int64_t queue_kbytes; /* fetched ahead, all partitions together */
} KafkaConsumerOptions;

/* Free with kafka_consumer_free(). Return: ERROR_NONE or ERROR_INTERNAL. */
_must_check_ ErrorCode kafka_consumer_new(rd_kafka_t **ret, const KafkaConsumerOptions *options,
                                          Error *err);

/* Drop what was fetched and end the client; never waits for a group. */
void kafka_consumer_free(rd_kafka_t *consumer);
DEFINE_CLEANUP(rd_kafka_t *, kafka_consumer_free)

/**
 * kafka_consumer_assign() - begin to read a partition at @offset
 * @offset:  of the next message, or RD_KAFKA_OFFSET_BEGINNING
 *
 * A partition that is assigned already begins again there; messages fetched before are not seen any more.
 * Thread: the one that polls.
 */
_must_check_ ErrorCode kafka_consumer_assign(rd_kafka_t *consumer, const char *topic,
                                             int32_t partition, int64_t offset, Error *err);
void kafka_consumer_unassign(rd_kafka_t *consumer, const char *topic, int32_t partition);

/**
 * kafka_consumer_wake() - make the client look at once whether there is room to fetch more
 *
 * librdkafka before 2.2 that has stopped fetching because its queue was full looks again after a second,
 * unless something is asked of the broker meanwhile. This asks for the end of the partition: a round trip.
 * Call it when the queue has become half empty. Thread: the one that polls.
 */
void kafka_consumer_wake(rd_kafka_t *consumer, const char *topic, int32_t partition);

/* How many messages wait to be polled. */
size_t kafka_consumer_queued(rd_kafka_t *consumer);
