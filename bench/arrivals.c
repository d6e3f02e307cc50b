#include "arrivals.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"

#define TIMES_MAX 1000000
#define SETTLE_US (10 * US_PER_SEC) /* how long the last messages may take */

void bench_fail(const char *fmt, ...)
{
        va_list args;

        va_start(args, fmt);
        (void)vfprintf(stderr, fmt, args);
        va_end(args);
        (void)fputc('\n', stderr);
        exit(EXIT_FAILURE); /* NOLINT(concurrency-mt-unsafe): nothing is worth cleaning up */
}

rd_kafka_t *bench_client(rd_kafka_type_t type, const char *const (*settings)[2],
                         KafkaDelivery delivered)
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        rd_kafka_t *client;
        char text[256];

        for (; (*settings)[0]; settings++)
                if (rd_kafka_conf_set(conf, (*settings)[0], (*settings)[1], text, sizeof text))
                        bench_fail("%s", text);
        if (delivered)
                rd_kafka_conf_set_dr_msg_cb(conf, delivered);
        client = rd_kafka_new(type, conf, text, sizeof text);
        if (!client)
                bench_fail("%s", text);
        return client;
}

int64_t bench_topic_end(rd_kafka_t *client, const char *topic, int32_t partition)
{
        int64_t low, high, give_up_us = clock_monotonic_us() + BENCH_TIMEOUT_MS * US_PER_MS;
        rd_kafka_resp_err_t fault;

        do /* a topic that was just made is not known everywhere yet */
                fault = rd_kafka_query_watermark_offsets(client, topic, partition, &low, &high,
                                                         BENCH_TIMEOUT_MS);
        while (fault && clock_monotonic_us() < give_up_us);
        if (fault)
                bench_fail("%s: %s", topic, rd_kafka_err2str(fault));
        return high;
}

/* Of key, value and headers. */
static int64_t size_of(const rd_kafka_message_t *message)
{
        rd_kafka_headers_t *headers;
        const char *name;
        const void *value;
        size_t size, total = message->len + message->key_len;

        if (rd_kafka_message_headers(message, &headers))
                return (int64_t)total;
        for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &size); i++)
                total += strlen(name) + size;
        return (int64_t)total;
}

static void *consume(void *data)
{
        Arrivals *arrivals = data;
        int64_t give_up_us = INT64_MAX;

        while (arrivals->n < (size_t)atomic_load(&arrivals->expected)) {
                rd_kafka_message_t *message = rd_kafka_consumer_poll(arrivals->consumer, 100);
                int64_t now_us = clock_now_us();

                if (message && !message->err && arrivals->n < TIMES_MAX) {
                        arrivals->times_us[arrivals->n++] = now_us - arrivals->sent_us(message);
                        arrivals->bytes += size_of(message);
                }
                if (message)
                        rd_kafka_message_destroy(message);
                if (give_up_us == INT64_MAX && atomic_load(&arrivals->expected) < TIMES_MAX)
                        give_up_us = now_us + SETTLE_US;
                if (now_us > give_up_us)
                        bench_fail("only %zu of %d messages came", arrivals->n,
                                   atomic_load(&arrivals->expected));
        }
        return NULL;
}

void arrivals_start(Arrivals *arrivals, const char *brokers, const char *topic)
{
        const char *const settings[][2] = { { "bootstrap.servers", brokers },
                                            { "group.id", "bench-publish" },
                                            { "enable.auto.commit", "false" },
                                            { "fetch.wait.max.ms", "500" },
                                            { "broker.address.family", "v4" },
                                            { "socket.nagle.disable", "true" },
                                            { NULL, NULL } };
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(BENCH_PARTITIONS);

        arrivals->consumer = bench_client(RD_KAFKA_CONSUMER, settings, NULL);
        arrivals->times_us = calloc(TIMES_MAX, sizeof *arrivals->times_us);
        atomic_store(&arrivals->expected, TIMES_MAX);
        for (int32_t p = 0; p < BENCH_PARTITIONS; p++)
                rd_kafka_topic_partition_list_add(list, topic, p)->offset =
                        bench_topic_end(arrivals->consumer, topic, p);
        if (!arrivals->times_us || rd_kafka_assign(arrivals->consumer, list))
                bench_fail("could not consume %s", topic);
        rd_kafka_topic_partition_list_destroy(list);
        if (pthread_create(&arrivals->thread, NULL, consume, arrivals) != 0)
                bench_fail("could not start a thread");
}

static int compare_times(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

static double percentile_ms(const int64_t *sorted_us, size_t n, int percent)
{
        size_t rank = n * (size_t)percent / 100;

        return n ? (double)sorted_us[rank] / 1000 : 0;
}

void arrivals_finish(Arrivals *arrivals, int expected, int n_late)
{
        size_t n;

        atomic_store(&arrivals->expected, expected);
        (void)pthread_join(arrivals->thread, NULL);
        n = arrivals->n;
        qsort(arrivals->times_us, n, sizeof *arrivals->times_us, compare_times);
        printf("{\"messages\":%zu,\"late\":%d,\"bytes\":%" PRId64
               ",\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
               n, n_late, n ? arrivals->bytes / (int64_t)n : 0,
               percentile_ms(arrivals->times_us, n, 50), percentile_ms(arrivals->times_us, n, 99));
        (void)rd_kafka_assign(arrivals->consumer, NULL);
        rd_kafka_destroy(arrivals->consumer);
        free(arrivals->times_us);
}
