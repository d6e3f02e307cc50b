#include <check.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/kafka/event_message.h"
#include "common/kafka/kafka_consumer.h"

#define DEADLINE_US (60 * US_PER_SEC)
#define TRACE       "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define TOPIC       "t.project.events"

DEFINE_CLEANUP(rd_kafka_t *, rd_kafka_destroy)
DEFINE_CLEANUP(rd_kafka_mock_cluster_t *, rd_kafka_mock_cluster_destroy)

static int n_delivered;

static void delivered(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
        ck_assert_int_eq(message->err, 0);
        ck_assert_ptr_eq(message->_private, &n_delivered);
        n_delivered++;
}

static rd_kafka_t *new_host(void)
{
        char reason[256];
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        rd_kafka_t *host;

        (void)rd_kafka_conf_set(conf, "log_level", "0", reason, sizeof reason);
        host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
        ck_assert_msg(host != NULL, "%s", reason);
        return host;
}

static JsonSpan span(const char *text)
{
        return (JsonSpan){ text, strlen(text) };
}

static Event sample(int64_t position)
{
        return (Event){ .id = uuid_new(),
                        .type = "ProjectCreated",
                        .version = 1,
                        .aggregate_type = "project",
                        .aggregate_id = "p \"1\"",
                        .sequence = 3,
                        .data = span("{\"name\":\"a\\u0041\"}"),
                        .metadata = span("{\"aggregateType\":\"project\",\"traceparent\":\"" TRACE
                                         "\"}"),
                        .correlation_id = "c1",
                        .timestamp_us = INT64_C(1700000000123456),
                        .partition = 2,
                        .position = position };
}

static rd_kafka_message_t *next_message(rd_kafka_t *consumer)
{
        int64_t deadline_us = clock_monotonic_us() + DEADLINE_US;

        while (clock_monotonic_us() < deadline_us) {
                rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);

                if (message && !message->err)
                        return message;
                if (message)
                        rd_kafka_message_destroy(message);
        }
        ck_abort_msg("no message came");
        return NULL;
}

static void expect_header(const rd_kafka_message_t *message, const char *name, const char *expected)
{
        rd_kafka_headers_t *headers;
        const void *value;
        size_t size;

        ck_assert_int_eq(rd_kafka_message_headers(message, &headers), 0);
        ck_assert_int_eq(rd_kafka_header_get_last(headers, name, &value, &size), 0);
        ck_assert_uint_eq(size, strlen(expected));
        ck_assert_mem_eq(value, expected, size);
}

static void expect_sample(const rd_kafka_message_t *message, const Event *sent)
{
        _cleanup_(event_decoder_deinit) EventDecoder decoder = EVENT_DECODER_INIT;
        Error err = ERROR_INIT;
        Event got;

        ck_assert_int_eq(event_message_decode(&decoder, message, &got, &err), ERROR_NONE);
        ck_assert_mem_eq(&got.id, &sent->id, sizeof got.id);
        ck_assert_str_eq(got.type, sent->type);
        ck_assert_str_eq(got.aggregate_type, sent->aggregate_type);
        ck_assert_str_eq(got.aggregate_id, sent->aggregate_id);
        ck_assert_int_eq(got.sequence, sent->sequence);
        ck_assert_int_eq(got.partition, sent->partition);
        ck_assert_int_eq(got.position, sent->position);
        ck_assert_int_eq(got.timestamp_us, sent->timestamp_us);
        ck_assert_uint_eq(got.data.size, sent->data.size);
        ck_assert_mem_eq(got.data.text, sent->data.text, got.data.size);
        ck_assert_uint_eq(message->key_len, strlen(sent->aggregate_id));
        ck_assert_mem_eq(message->key, sent->aggregate_id, message->key_len);
        ck_assert_str_eq(event_message_type(message), sent->type);
}

START_TEST(an_event_travels_through_a_topic)
{
        _cleanup_(rd_kafka_destroyp) rd_kafka_t *host = new_host();
        _cleanup_(rd_kafka_mock_cluster_destroyp) rd_kafka_mock_cluster_t *cluster =
                rd_kafka_mock_cluster_new(host, 1);
        const char *brokers = rd_kafka_mock_cluster_bootstraps(cluster);
        const KafkaTopic topic = { TOPIC, 4 };
        KafkaConsumerOptions options = { brokers, "test", "test", 1024 };
        _cleanup_(kafka_producer_freep) rd_kafka_t *producer = NULL;
        _cleanup_(kafka_consumer_freep) rd_kafka_t *consumer = NULL;
        _cleanup_(rd_kafka_message_destroyp) rd_kafka_message_t *message = NULL;
        _cleanup_(buffer_deinit) Buffer scratch = BUFFER_INIT;
        Event event = sample(INT64_MAX);
        Error err = ERROR_INIT;
        char id[UUID_TEXT_SIZE];
        int64_t deadline_us = clock_monotonic_us() + DEADLINE_US;

        ck_assert_msg(!kafka_topics_ensure(brokers, &topic, 1, 1, 1, deadline_us, &err), "%s",
                      err.message);
        ck_assert_msg(!kafka_producer_new(&producer, brokers, "test", delivered, NULL, &err), "%s",
                      err.message);
        n_delivered = 0;
        ck_assert_msg(!event_message_produce(producer, TOPIC, &event, &scratch, &n_delivered, &err),
                      "%s", err.message);
        while (n_delivered == 0 && clock_monotonic_us() < deadline_us)
                (void)rd_kafka_poll(producer, 100);
        ck_assert_int_eq(n_delivered, 1);

        ck_assert_int_eq(kafka_consumer_new(&consumer, &options, &err), ERROR_NONE);
        ck_assert_msg(!kafka_consumer_assign(consumer, TOPIC, 2, RD_KAFKA_OFFSET_BEGINNING, &err),
                      "%s", err.message);
        message = next_message(consumer);
        expect_sample(message, &event);
        uuid_format(&event.id, id);
        expect_header(message, "ce_specversion", "1.0");
        expect_header(message, "ce_id", id);
        expect_header(message, "ce_source", "/skafu/project");
        expect_header(message, "ce_subject", event.aggregate_id);
        expect_header(message, "ce_time", "2023-11-14T22:13:20.123456Z");
        expect_header(message, "content-type", "application/json");
        expect_header(message, "skafu-position", "9223372036854775807");
        expect_header(message, "traceparent", TRACE);
}
END_TEST

START_TEST(garbage_is_refused)
{
        static const char *const positions[] = { NULL, "",   "0",  "-1",
                                                 "1x", " 1", "+1", "9223372036854775808" };
        _cleanup_(event_decoder_deinit) EventDecoder decoder = EVENT_DECODER_INIT;
        _cleanup_(rd_kafka_destroyp) rd_kafka_t *host = new_host();
        _cleanup_(rd_kafka_mock_cluster_destroyp) rd_kafka_mock_cluster_t *cluster =
                rd_kafka_mock_cluster_new(host, 1);
        const char *brokers = rd_kafka_mock_cluster_bootstraps(cluster);
        KafkaConsumerOptions options = { brokers, "test", "test", 1024 };
        _cleanup_(kafka_producer_freep) rd_kafka_t *producer = NULL;
        _cleanup_(kafka_consumer_freep) rd_kafka_t *consumer = NULL;
        Error err = ERROR_INIT;
        Event event;

        ck_assert_int_eq(kafka_producer_new(&producer, brokers, "test", delivered, NULL, &err), 0);
        for (size_t i = 0; i <= ARRAY_SIZE(positions); i++) {
                rd_kafka_headers_t *headers = rd_kafka_headers_new(1);

                if (i == ARRAY_SIZE(positions)) /* a good header on an empty message */
                        (void)rd_kafka_header_add(headers, "skafu-position", -1, "7", -1);
                else if (positions[i])
                        (void)rd_kafka_header_add(headers, "skafu-position", -1, positions[i], -1);
                ck_assert_int_eq(rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(TOPIC),
                                                   RD_KAFKA_V_PARTITION(0),
                                                   RD_KAFKA_V_HEADERS(headers),
                                                   RD_KAFKA_V_OPAQUE(&n_delivered), RD_KAFKA_V_END),
                                 0);
        }
        ck_assert_int_eq(rd_kafka_flush(producer, DEADLINE_US / US_PER_MS), 0);
        ck_assert_int_eq(kafka_consumer_new(&consumer, &options, &err), ERROR_NONE);
        ck_assert_int_eq(kafka_consumer_assign(consumer, TOPIC, 0, RD_KAFKA_OFFSET_BEGINNING, &err),
                         0);
        for (size_t i = 0; i <= ARRAY_SIZE(positions); i++) {
                rd_kafka_message_t *message = next_message(consumer);

                ck_assert_int_eq(message->offset, (int64_t)i);
                ck_assert_int_eq(event_message_decode(&decoder, message, &event, &err),
                                 ERROR_MALFORMED);
                rd_kafka_message_destroy(message);
        }
}
END_TEST

/* An envelope that is right in itself, with a key and headers that may be another event's. */
static void produce_with(rd_kafka_t *producer, const char *envelope, const char *key,
                         const char *header, const char *value)
{
        rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
        _cleanup_(freep) char *key_copy = strdup(key), *copy = strdup(envelope);

        (void)rd_kafka_header_add(headers, "skafu-position", -1, "7", -1);
        (void)rd_kafka_header_add(headers, header, -1, value, -1);
        ck_assert_int_eq(rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(TOPIC),
                                           RD_KAFKA_V_PARTITION(0),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_KEY(key_copy, strlen(key_copy)),
                                           RD_KAFKA_V_VALUE(copy, strlen(copy)),
                                           RD_KAFKA_V_HEADERS(headers),
                                           RD_KAFKA_V_OPAQUE(&n_delivered), RD_KAFKA_V_END),
                         0);
}

START_TEST(contradictions_are_refused)
{
        static const struct {
                const char *key, *header, *value;
                ErrorCode expected;
        } cases[] = {
                { "p \"1\"", "ce_type", "ProjectCreated", ERROR_NONE },
                { "p \"1\"", "ce_type", "ProjectCreate", ERROR_MALFORMED },
                { "p \"1\"", "ce_type", "", ERROR_MALFORMED },
                { "p \"1\"", "ce_id", "01890000-0000-7000-8000-000000000000", ERROR_MALFORMED },
                { "p2", "ce_type", "ProjectCreated", ERROR_MALFORMED },
        };
        _cleanup_(event_decoder_deinit) EventDecoder decoder = EVENT_DECODER_INIT;
        _cleanup_(rd_kafka_destroyp) rd_kafka_t *host = new_host();
        _cleanup_(rd_kafka_mock_cluster_destroyp) rd_kafka_mock_cluster_t *cluster =
                rd_kafka_mock_cluster_new(host, 1);
        const char *brokers = rd_kafka_mock_cluster_bootstraps(cluster);
        KafkaConsumerOptions options = { brokers, "test", "test", 1024 };
        _cleanup_(kafka_producer_freep) rd_kafka_t *producer = NULL;
        _cleanup_(kafka_consumer_freep) rd_kafka_t *consumer = NULL;
        _cleanup_(buffer_deinit) Buffer envelope = BUFFER_INIT;
        Event event = sample(7);
        Error err = ERROR_INIT;

        event_encode(&envelope, NULL, &event);
        ck_assert_int_eq(kafka_producer_new(&producer, brokers, "test", delivered, NULL, &err), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                produce_with(producer, envelope.data, cases[i].key, cases[i].header,
                             cases[i].value);
        ck_assert_int_eq(rd_kafka_flush(producer, DEADLINE_US / US_PER_MS), 0);
        ck_assert_int_eq(kafka_consumer_new(&consumer, &options, &err), ERROR_NONE);
        ck_assert_int_eq(kafka_consumer_assign(consumer, TOPIC, 0, RD_KAFKA_OFFSET_BEGINNING, &err),
                         0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                rd_kafka_message_t *message = next_message(consumer);

                ck_assert_msg(event_message_decode(&decoder, message, &event, &err) ==
                                      cases[i].expected,
                              "case %zu: %s", i, err.message);
                rd_kafka_message_destroy(message);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("event_message");
        TCase *tcase = tcase_create("event_message");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 50);
        tcase_add_test(tcase, an_event_travels_through_a_topic);
        tcase_add_test(tcase, garbage_is_refused);
        tcase_add_test(tcase, contradictions_are_refused);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
