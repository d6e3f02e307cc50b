#pragma once

/*
 * kafka.h — librdkafka clients with the settings that Skafu's guarantees need, and topics.
 */

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"

DEFINE_CLEANUP(rd_kafka_message_t *, rd_kafka_message_destroy)

typedef struct KafkaTopic {
        const char *name;
        int32_t partitions;
        const char *const (*settings)
                [2]; /* of a new one, beside the usual; the last row { NULL, NULL }. NULL: none */
        bool keeps_partitions; /* one that exists stays as it is: keys must not move */
} KafkaTopic;

/**
 * kafka_topics_ensure() - make missing topics, and add the partitions that those that exist lack
 * @replication, @min_insync:  for new topics
 *
 * Blocks until @deadline_us (clock_monotonic_us()). A broker that cannot create topics but makes them on first
 * use (librdkafka's built-in cluster) is fine. Thread: any.
 *
 * Return: ERROR_NONE; ERROR_UNAVAILABLE; ERROR_INVALID when the broker refuses to make such a topic.
 */
_must_check_ ErrorCode kafka_topics_ensure(const char *brokers, const KafkaTopic *topics, size_t n,
                                           int replication, int min_insync, int64_t deadline_us,
                                           Error *err);

typedef void (*KafkaDelivery)(rd_kafka_t *producer, const rd_kafka_message_t *message,
                              void *opaque);

/**
 * kafka_producer_new() - an idempotent producer: acks=all, order kept, linger 0, lz4, waits for ever
 * @delivered:  called from rd_kafka_poll() for every message, acknowledged or failed
 *
 * Free with kafka_producer_free(). Return: ERROR_NONE or ERROR_INTERNAL.
 */
_must_check_ ErrorCode kafka_producer_new(rd_kafka_t **ret, const char *brokers,
                                          const char *client_id, KafkaDelivery delivered,
                                          void *opaque, Error *err);

/**
 * kafka_group_producer_new() - the same for messages that come in groups
 *
 * Messages wait for rd_kafka_flush(), which sends those of a partition in one request; call it behind each
 * group and again for as long as rd_kafka_outq_len() is not 0.
 */
_must_check_ ErrorCode kafka_group_producer_new(rd_kafka_t **ret, const char *brokers,
                                                const char *client_id, KafkaDelivery delivered,
                                                void *opaque, Error *err);

/* Destroy without waiting; what is still queued is purged (flush first for an orderly end). */
void kafka_producer_free(rd_kafka_t *producer);
DEFINE_CLEANUP(rd_kafka_t *, kafka_producer_free)

/* How many partitions a topic has, 0 when it does not exist. Return: ERROR_NONE or ERROR_UNAVAILABLE. */
_must_check_ ErrorCode kafka_topic_partitions(rd_kafka_t *client, const char *name, int *ret,
                                              int64_t deadline_us, Error *err);

/* Whether the broker refuses, and will do so again: what is asked for is too large, not allowed, or against its rules. */
bool kafka_is_refusal(rd_kafka_resp_err_t fault);

/* Whether the brokers answer metadata within @timeout_ms; on any client. */
bool kafka_ready(rd_kafka_t *client, int timeout_ms);
