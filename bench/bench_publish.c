/*
 * bench_publish.c — the parts of `./dev bench publish`; each prints one JSON object.
 *
 *      paced   commands at a fixed rate, and how long after its commit each event reaches a consumer
 *      limit   messages of the same size at the same rate by plain librdkafka, to such a consumer
 *      flood   plain librdkafka as fast as it can
 *      watch   how long the broker's log takes to grow by so many messages
 *
 * usage: bench-publish paced|limit|flood|watch --brokers B --topic T [--port P --token T] [--rate N]
 *                      [--seconds N] [--bytes N] [--count N]
 */

#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arrivals.h"
#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/base/uuid.h"
#include "common/kafka/kafka.h"

#define SENDERS       32
#define LOOK_EVERY_US (25 * US_PER_MS) /* at the log's ends: each look costs the broker work */
#define WATCH_US      (120 * US_PER_SEC)

typedef struct Options {
        const char *brokers, *topic, *token;
        int port, rate, seconds, bytes, count;
} Options;

typedef struct Sender {
        const Options *options;
        int number;
        int64_t start_us; /* monotonic; sender i sends at start + (i + k * SENDERS) / rate */
        int n_sent, n_late;
        pthread_t thread;
} Sender;

static void wait_until_us(int64_t monotonic_us)
{
        int64_t left_us = monotonic_us - clock_monotonic_us();

        if (left_us > 0)
                clock_wait_us(left_us);
}

static int connect_service(int port)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)) != 0)
                bench_fail("could not connect to port %d", port);
        return fd;
}

/* One answer; its body is not looked at. */
static void receive_answer(int fd, Buffer *answer)
{
        const char *head_end = NULL, *length;
        size_t total = 0;

        buffer_clear(answer);
        while (!head_end || answer->size < total) {
                char part[4096];
                ssize_t size = recv(fd, part, sizeof part, 0);

                if (size <= 0)
                        bench_fail("the service closed the connection");
                buffer_append(answer, part, (size_t)size);
                if (head_end)
                        continue;
                head_end = strstr(buffer_text(answer), "\r\n\r\n");
                length = head_end ? strcasestr(answer->data, "content-length:") : NULL;
                if (head_end && !length)
                        bench_fail("the answer has no length");
                if (head_end)
                        total = (size_t)(head_end - answer->data) + 4 +
                                strtoul(length + strlen("content-length:"), NULL, 10);
        }
        if (strncmp(answer->data, "HTTP/1.1 201", 12) != 0)
                bench_fail("%s", answer->data);
}

static void send_command(int fd, const Options *options, int number, Buffer *text, Buffer *body)
{
        buffer_clear(body);
        buffer_printf(
                body,
                "{\"name\":\"latency\",\"value\":%d.5,\"unit\":\"ms\",\"tags\":{\"host\":\"h%d\","
                "\"zone\":\"a\"},\"source\":\"bench\",\"timestamp\":\"2026-01-01T00:00:00Z\"}",
                number % 1000, number % 50);
        buffer_clear(text);
        buffer_printf(
                text,
                "POST /v1/commands/RecordMetric HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer "
                "%s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                options->token, body->size, buffer_text(body));
        if (send(fd, text->data, text->size, MSG_NOSIGNAL) != (ssize_t)text->size)
                bench_fail("could not send a command");
        receive_answer(fd, text);
}

/* Its turns come by the clock, whether or not the answer before took long. */
static void *send_commands(void *data)
{
        Sender *sender = data;
        const Options *options = sender->options;
        int n = options->rate * options->seconds, fd = connect_service(options->port);
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;

        for (int i = sender->number; i < n; i += SENDERS) {
                int64_t due_us = sender->start_us + i * US_PER_SEC / options->rate;

                wait_until_us(due_us);
                if (clock_monotonic_us() > due_us + US_PER_MS)
                        sender->n_late++;
                send_command(fd, options, i, &text, &body);
                sender->n_sent++;
        }
        (void)close(fd);
        return NULL;
}

/* PostgreSQL's clock as the append began: the flush of the commit is still to come. */
static int64_t stored_us(const rd_kafka_message_t *message)
{
        rd_kafka_headers_t *headers;
        const void *time;
        size_t size;
        int64_t time_us;

        if (rd_kafka_message_headers(message, &headers) ||
            rd_kafka_header_get_last(headers, "ce_time", &time, &size) ||
            clock_parse(time, size, &time_us, NULL))
                bench_fail("a message without ce_time");
        return time_us;
}

static void ensure_topic(const Options *options)
{
        KafkaTopic topic = { options->topic, BENCH_PARTITIONS };
        Error err = ERROR_INIT;

        if (kafka_topics_ensure(options->brokers, &topic, 1, 1, 1,
                                clock_monotonic_us() + BENCH_TIMEOUT_MS * US_PER_MS, &err))
                bench_fail("%s", err.message);
}

static void run_paced(const Options *options)
{
        Arrivals arrivals = { .sent_us = stored_us };
        Sender senders[SENDERS];
        int n_sent = 0, n_late = 0;

        ensure_topic(options);
        arrivals_start(&arrivals, options->brokers, options->topic);
        for (int i = 0; i < SENDERS; i++) {
                senders[i] = (Sender){ .options = options,
                                       .number = i,
                                       .start_us = clock_monotonic_us() + 200 * US_PER_MS };
                if (i > 0)
                        senders[i].start_us = senders[0].start_us;
                if (pthread_create(&senders[i].thread, NULL, send_commands, &senders[i]) != 0)
                        bench_fail("could not start a thread");
        }
        for (int i = 0; i < SENDERS; i++) {
                (void)pthread_join(senders[i].thread, NULL);
                n_sent += senders[i].n_sent;
                n_late += senders[i].n_late;
        }
        arrivals_finish(&arrivals, n_sent, n_late);
}

static void count_failures(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
        if (message->err)
                bench_fail("not delivered: %s", rd_kafka_err2str(message->err));
}

static rd_kafka_t *new_plain_producer(const Options *options, const char *linger_ms)
{
        const char *const settings[][2] = { { "bootstrap.servers", options->brokers },
                                            { "enable.idempotence", "true" },
                                            { "acks", "all" },
                                            { "linger.ms", linger_ms },
                                            { "compression.codec", "lz4" },
                                            { "broker.address.family", "v4" },
                                            { "socket.nagle.disable", "true" },
                                            { NULL, NULL } };

        return bench_client(RD_KAFKA_PRODUCER, settings, count_failures);
}

/* A payload that begins with when it was due, and is as hard to compress as ids and numbers make an event. */
static void produce(rd_kafka_t *producer, const Options *options, int number, int64_t due_us)
{
        char payload[4096], id[UUID_TEXT_SIZE];
        size_t size = (size_t)options->bytes;
        Uuid uuid = uuid_new();

        if (size < sizeof due_us + sizeof id || size > sizeof payload)
                bench_fail("--bytes is at most %zu", sizeof payload);
        uuid_format(&uuid, id);
        memset(payload, 'x', size);
        memcpy(payload, &due_us, sizeof due_us);
        memcpy(payload + sizeof due_us, id, sizeof id);
        while (rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(options->topic),
                                 RD_KAFKA_V_PARTITION(number % BENCH_PARTITIONS),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                 RD_KAFKA_V_VALUE(payload, size), RD_KAFKA_V_END))
                (void)rd_kafka_poll(producer, 1);
}

static int64_t due_of(const rd_kafka_message_t *message)
{
        int64_t due_us;

        memcpy(&due_us, message->payload, sizeof due_us);
        return due_us;
}

static void run_limit(const Options *options)
{
        _cleanup_(kafka_producer_freep) rd_kafka_t *producer = new_plain_producer(options, "0");
        Arrivals arrivals = { .sent_us = due_of };
        int n = options->rate * options->seconds, n_late = 0;
        int64_t start_us, ahead_us;

        ensure_topic(options);
        arrivals_start(&arrivals, options->brokers, options->topic);
        start_us = clock_monotonic_us() + 200 * US_PER_MS;
        ahead_us = clock_now_us() - clock_monotonic_us();
        for (int i = 0; i < n; i++) {
                int64_t due_us = start_us + i * US_PER_SEC / options->rate;

                wait_until_us(due_us);
                if (clock_monotonic_us() > due_us + US_PER_MS)
                        n_late++;
                produce(producer, options, i, due_us + ahead_us);
                (void)rd_kafka_poll(producer, 0);
        }
        if (rd_kafka_flush(producer, BENCH_TIMEOUT_MS))
                bench_fail("not all was delivered");
        arrivals_finish(&arrivals, n, n_late);
}

static void run_flood(const Options *options)
{
        _cleanup_(kafka_producer_freep) rd_kafka_t *producer = new_plain_producer(options, "5");
        int64_t started_us;

        ensure_topic(options);
        started_us = clock_monotonic_us();
        for (int i = 0; i < options->count; i++) {
                produce(producer, options, i, 0);
                if (i % 100 == 0)
                        (void)rd_kafka_poll(producer, 0);
        }
        if (rd_kafka_flush(producer, BENCH_TIMEOUT_MS))
                bench_fail("not all was delivered");
        printf("{\"messages\":%d,\"seconds\":%.6f}\n", options->count,
               (double)(clock_monotonic_us() - started_us) / US_PER_SEC);
}

static int64_t log_size(rd_kafka_t *client, const Options *options)
{
        int64_t size = 0;

        for (int32_t p = 0; p < BENCH_PARTITIONS; p++)
                size += bench_topic_end(client, options->topic, p);
        return size;
}

/* From the first sign of growth, so that starting the service does not count. */
static void run_watch(const Options *options)
{
        const char *const settings[][2] = { { "bootstrap.servers", options->brokers },
                                            { "broker.address.family", "v4" },
                                            { NULL, NULL } };
        rd_kafka_t *client = bench_client(RD_KAFKA_PRODUCER, settings, NULL);
        int64_t before = log_size(client, options), size = before, growing_us = 0;
        int64_t give_up_us = clock_monotonic_us() + WATCH_US;

        (void)puts("{\"watching\":true}");
        (void)fflush(stdout);
        while (size < before + options->count) {
                clock_wait_us(LOOK_EVERY_US);
                if (size == before)
                        growing_us = clock_monotonic_us();
                size = log_size(client, options);
                if (clock_monotonic_us() > give_up_us)
                        bench_fail("only %" PRId64 " of %d messages came", size - before,
                                   options->count);
        }
        printf("{\"messages\":%" PRId64 ",\"seconds\":%.6f}\n", size - before,
               (double)(clock_monotonic_us() - growing_us) / US_PER_SEC);
        rd_kafka_destroy(client);
}

static const struct {
        const char *name;
        void (*run)(const Options *options);
} modes[] = {
        { "paced", run_paced },
        { "limit", run_limit },
        { "flood", run_flood },
        { "watch", run_watch },
};

/* Each option's place in Options: a text, or a number. */
static const struct {
        const char *name;
        size_t text, number;
} option_places[] = {
        { "--brokers", offsetof(Options, brokers), 0 },
        { "--topic", offsetof(Options, topic), 0 },
        { "--token", offsetof(Options, token), 0 },
        { "--port", 0, offsetof(Options, port) },
        { "--rate", 0, offsetof(Options, rate) },
        { "--seconds", 0, offsetof(Options, seconds) },
        { "--bytes", 0, offsetof(Options, bytes) },
        { "--count", 0, offsetof(Options, count) },
};

static void set_option(Options *options, const char *name, char *value)
{
        for (size_t i = 0; i < ARRAY_SIZE(option_places); i++) {
                if (strcmp(name, option_places[i].name) != 0)
                        continue;
                if (option_places[i].number)
                        *(int *)((char *)options + option_places[i].number) =
                                (int)strtol(value, NULL, 10);
                else
                        *(char **)((char *)options + option_places[i].text) = value;
                return;
        }
        bench_fail("there is no option %s", name);
}

int main(int argc, char *argv[])
{
        Options options = { .rate = 500, .seconds = 4, .bytes = 600, .count = 200000 };

        for (int i = 2; i + 1 < argc; i += 2)
                set_option(&options, argv[i], argv[i + 1]);
        for (size_t i = 0; i < ARRAY_SIZE(modes) && argc > 1; i++) {
                if (strcmp(argv[1], modes[i].name) != 0)
                        continue;
                modes[i].run(&options);
                return 0;
        }
        bench_fail("usage: bench-publish paced|limit|flood|watch …");
}
