#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/event/event_codec.h"

#define ID "01890a5d-ac96-774b-bcce-b302099a8057"
#define ENVELOPE                                                                                                \
        "{\"eventId\":\"" ID                                                                                    \
        "\",\"eventType\":\"ThingMade\",\"aggregateId\":\"t-1\",\"eventSequence\":7,"                           \
        "\"eventData\":{\"size\": 1.50},\"correlationId\":\"c\",\"timestamp\":\"2026-01-31T12:00:00.123456Z\"," \
        "\"version\":\"2\",\"metadata\":{\"aggregateType\":\"thing\",\"actor\":\"ann\"}}"

static bool span_is(JsonSpan span, const char *text)
{
        return span.size == strlen(text) && memcmp(span.text, text, span.size) == 0;
}

/* ENVELOPE with the first @from replaced by @to. */
static void change(Buffer *ret, const char *from, const char *to)
{
        static const char envelope[] = ENVELOPE;
        const char *at = strstr(envelope, from);

        ck_assert_ptr_nonnull(at);
        buffer_clear(ret);
        buffer_append(ret, envelope, (size_t)(at - envelope));
        buffer_append_string(ret, to);
        buffer_append_string(ret, at + strlen(from));
}

START_TEST(encode_writes_the_envelope)
{
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;
        Event event = {
                .type = "ThingMade",
                .version = 2,
                .aggregate_type = "thing",
                .aggregate_id = "t-1",
                .sequence = 7,
                .data = { "{\"size\": 1.50}", 14 },
                .metadata = { "{\"aggregateType\":\"thing\",\"actor\":\"ann\"}", 39 },
                .correlation_id = "c",
                .timestamp_us = INT64_C(1769860800123456),
        };

        ck_assert(uuid_parse(ID, strlen(ID), &event.id));
        event_encode(&buffer, NULL, &event);
        ck_assert_str_eq(buffer_text(&buffer), ENVELOPE);
        event_encode(&buffer, NULL, &event);
        ck_assert_uint_eq(buffer.size, 2 * strlen(ENVELOPE) + 1);
}
END_TEST

START_TEST(decode_reads_it_back)
{
        _cleanup_(event_decoder_deinit) EventDecoder decoder = EVENT_DECODER_INIT;
        Event event;
        char id[UUID_TEXT_SIZE];

        for (int round = 0; round < 2; round++) {
                ck_assert_int_eq(event_decode(&decoder, &event, ENVELOPE, strlen(ENVELOPE), NULL),
                                 ERROR_NONE);
                uuid_format(&event.id, id);
                ck_assert_str_eq(id, ID);
                ck_assert_str_eq(event.type, "ThingMade");
                ck_assert_int_eq(event.version, 2);
                ck_assert_str_eq(event.aggregate_type, "thing");
                ck_assert_str_eq(event.aggregate_id, "t-1");
                ck_assert_int_eq(event.sequence, 7);
                ck_assert(span_is(event.data, "{\"size\": 1.50}"));
                ck_assert(
                        span_is(event.metadata, "{\"aggregateType\":\"thing\",\"actor\":\"ann\"}"));
                ck_assert_str_eq(event.correlation_id, "c");
                ck_assert_int_eq(event.timestamp_us, INT64_C(1769860800123456));
                ck_assert_int_eq(event.partition, 0);
                ck_assert_int_eq(event.position, 0);
        }
}
END_TEST

START_TEST(decode_names_the_field)
{
        static const struct {
                const char *from, *to, *field;
        } bad[] = {
                { "\"" ID "\"", "\"no\"", "eventId" },
                { "\"" ID "\"", "7", "eventId" },
                { "\"ThingMade\"", "\"\"", "eventType" },
                { "\"eventType\"", "\"type\"", "eventType" },
                { "\"t-1\"", "null", "aggregateId" },
                { "\"t-1\"", "\"\\ud800\"", "aggregateId" },
                { ":7,", ":0,", "eventSequence" },
                { ":7,", ":7.5,", "eventSequence" },
                { ":7,", ":\"7\",", "eventSequence" },
                { "{\"size\": 1.50}", "[]", "eventData" },
                { "\"c\"", "\"\"", "correlationId" },
                { "2026-01-31", "2026-02-31", "timestamp" },
                { "\"2\"", "2", "version" },
                { "\"2\"", "\"\"", "version" },
                { "\"2\"", "\"0\"", "version" },
                { "\"2\"", "\"-1\"", "version" },
                { "\"2\"", "\" 2\"", "version" },
                { "\"2\"", "\"+2\"", "version" },
                { "\"2\"", "\"2x\"", "version" },
                { "\"2\"", "\"2147483648\"", "version" },
                { "\"2\"", "\"99999999999999999999\"", "version" },
                { "\"metadata\"", "\"meta\"", "metadata" },
                { "aggregateType", "aggregate", "aggregateType" },
                { "{\"eventId\"", "[\"eventId\"", "" },
                { "}}", "}", "" },
        };
        _cleanup_(event_decoder_deinit) EventDecoder decoder = EVENT_DECODER_INIT;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                Event event = { .sequence = 42 };
                Error err = ERROR_INIT;

                change(&text, bad[i].from, bad[i].to);
                ck_assert_msg(event_decode(&decoder, &event, text.data, text.size, &err) ==
                                      ERROR_MALFORMED,
                              "%s was taken", text.data);
                ck_assert_str_eq(err.field, bad[i].field);
                ck_assert_int_eq(event.sequence, 42);
        }
}
END_TEST

START_TEST(unknown_fields_are_passed_over)
{
        _cleanup_(event_decoder_deinit) EventDecoder decoder = EVENT_DECODER_INIT;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        Event event;

        change(&text, "{\"eventId\"", "{\"later\":{},\"eventId\"");
        ck_assert_int_eq(event_decode(&decoder, &event, text.data, text.size, NULL), ERROR_NONE);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("event_codec");
        TCase *tcase = tcase_create("event_codec");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, encode_writes_the_envelope);
        tcase_add_test(tcase, decode_reads_it_back);
        tcase_add_test(tcase, decode_names_the_field);
        tcase_add_test(tcase, unknown_fields_are_passed_over);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
