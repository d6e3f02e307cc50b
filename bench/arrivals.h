#pragma once

/*
 * arrivals.h — a consumer that notes how old each message is when it arrives; and what programs that
 * measure Kafka share.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "common/kafka/kafka.h"

#define BENCH_PARTITIONS 4
#define BENCH_TIMEOUT_MS 10000

/* Say why on stderr and end the program. */
_printf_(1, 2) __attribute__((noreturn)) void bench_fail(const char *fmt, ...);

/* A client with just these settings. */
rd_kafka_t *bench_client(rd_kafka_type_t type, const char *const (*settings)[2],
                         KafkaDelivery delivered);

/* The offset that the next message will have. */
int64_t bench_topic_end(rd_kafka_t *client, const char *topic, int32_t partition);

/* What arrives, and how old it is. */
typedef struct Arrivals {
        rd_kafka_t *consumer;
        int64_t (*sent_us)(const rd_kafka_message_t *message); /* on the wall clock */
        int64_t *times_us;
        size_t n;
        int64_t bytes;
        atomic_int expected; /* the end, once it is known */
        pthread_t thread;
} Arrivals;

/* Consume what comes from now on, in a thread; set sent_us before. */
void arrivals_start(Arrivals *arrivals, const char *brokers, const char *topic);

/* Wait for @expected messages and print what their way took, with @n_late as "late". */
void arrivals_finish(Arrivals *arrivals, int expected, int n_late);
