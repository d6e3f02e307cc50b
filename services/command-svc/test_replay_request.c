#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "replay_request.h"

static ReplayRequest request;

static void setup(void)
{
        request = REPLAY_REQUEST_INIT;
}

static void teardown(void)
{
        replay_request_deinit(&request);
}

static ErrorCode parse(const char *text, Error *err)
{
        teardown();
        setup();
        return replay_request_parse(&request, text, strlen(text), "here", err);
}

START_TEST(topics_that_are_fed_are_refused)
{
        static const struct {
                const char *topic;
                bool refused;
        } cases[] = {
                { "here.project.events", true },
                { "here.metric.events", true },
                { "here.project.changes", true },
                { "here.changes", true },
                { "here.project.replays", false },
                { "here.events.debug", false },
                { "there.project.events", false },
                { "hereby.project.events", false },
                { "events", false },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
                Error err = ERROR_INIT;

                buffer_printf(&text, "{\"aggregateType\":\"project\",\"topic\":\"%s\"}",
                              cases[i].topic);
                ck_assert_msg(parse(text.data, &err) ==
                                      (cases[i].refused ? ERROR_MALFORMED : ERROR_NONE),
                              "%s: %s", cases[i].topic, err.message);
                ck_assert_str_eq(err.field, cases[i].refused ? "topic" : "");
        }
}
END_TEST

START_TEST(without_a_topic_it_has_its_own)
{
        Error err = ERROR_INIT;

        ck_assert_int_eq(parse("{\"aggregateType\":\"project\"}", &err), ERROR_NONE);
        ck_assert_str_eq(request.topic, "here.project.replays");
}
END_TEST

START_TEST(times_are_written_as_the_store_takes_them)
{
        Error err = ERROR_INIT;

        ck_assert_int_eq(
                parse("{\"aggregateType\":\"project\",\"since\":\"2026-01-31T16:00:00+16:00\","
                      "\"before\":\"2026-01-31 00:00:00.1234567-23:59\"}",
                      &err),
                ERROR_NONE);
        ck_assert_str_eq(request.since, "2026-01-31T00:00:00.000000Z");
        ck_assert_str_eq(request.before, "2026-01-31T23:59:00.123456Z");
        ck_assert_int_eq(parse("{\"aggregateType\":\"project\",\"since\":\"\"}", &err),
                         ERROR_MALFORMED);
        ck_assert_str_eq(err.field, "since");
}
END_TEST

START_TEST(what_is_no_utf8_is_refused)
{
        Error err = ERROR_INIT;

        ck_assert_int_eq(parse("{\"aggregateType\":\"project\",\"name\":\"\xff\"}", &err),
                         ERROR_MALFORMED);
        ck_assert_int_eq(parse("{\"aggregateType\":\"project\",\"name\":\"gr\xc3\xb6\xc3\x9f\"}",
                               &err),
                         ERROR_NONE);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("replay_request");
        TCase *tcase = tcase_create("replay_request");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, topics_that_are_fed_are_refused);
        tcase_add_test(tcase, without_a_topic_it_has_its_own);
        tcase_add_test(tcase, times_are_written_as_the_store_takes_them);
        tcase_add_test(tcase, what_is_no_utf8_is_refused);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
