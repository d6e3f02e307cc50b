#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

static int64_t parsed(const char *text)
{
        int64_t time_us = -1;
        Error err = ERROR_INIT;

        ck_assert_msg(clock_parse(text, strlen(text), &time_us, &err) == ERROR_NONE, "%s: %s", text,
                      err.message);
        return time_us;
}

static void check_format(int64_t time_us, const char *expected)
{
        char text[CLOCK_TEXT_SIZE];

        clock_format(time_us, text);
        ck_assert_str_eq(text, expected);
        ck_assert_int_eq(parsed(text), time_us);
}

START_TEST(format_and_back)
{
        check_format(0, "1970-01-01T00:00:00.000000Z");
        check_format(-1, "1969-12-31T23:59:59.999999Z");
        check_format(-1000000, "1969-12-31T23:59:59.000000Z");
        check_format(INT64_C(1769860800123456), "2026-01-31T12:00:00.123456Z");
        check_format(INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z");
        check_format(INT64_C(-62135596800000000), "0001-01-01T00:00:00.000000Z");
        check_format(INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z");
}
END_TEST

START_TEST(format_and_back_over_all_years)
{
        /* A step of 97 days and some hits every month and both kinds of leap years. */
        for (int64_t s = INT64_C(-62135596800); s <= INT64_C(253402300799);
             s += 97 * 86400 + 12345) {
                char text[CLOCK_TEXT_SIZE];

                clock_format(s * US_PER_SEC + 7, text);
                ck_assert_int_eq(parsed(text), s * US_PER_SEC + 7);
        }
}
END_TEST

START_TEST(parse_takes_offsets)
{
        int64_t noon = parsed("2026-01-31T12:00:00Z");

        ck_assert_int_eq(parsed("2026-01-31T13:00:00+01:00"), noon);
        ck_assert_int_eq(parsed("2026-01-31T06:30:00-05:30"), noon);
        ck_assert_int_eq(parsed("2026-02-01T02:00:00+14:00"), noon);
        ck_assert_int_eq(parsed("2026-01-31T12:00:00-00:00"), noon);
        ck_assert_int_eq(parsed("2026-01-31t12:00:00z"), noon);
        ck_assert_int_eq(parsed("2026-01-31 12:00:00Z"), noon);
}
END_TEST

START_TEST(parse_takes_fractions)
{
        int64_t noon = parsed("2026-01-31T12:00:00Z");

        ck_assert_int_eq(parsed("2026-01-31T12:00:00.5Z"), noon + 500000);
        ck_assert_int_eq(parsed("2026-01-31T12:00:00.000001Z"), noon + 1);
        ck_assert_int_eq(parsed("2026-01-31T12:00:00.123456789+00:00"), noon + 123456);
}
END_TEST

START_TEST(parse_refuses_what_is_no_moment)
{
        static const char *const bad[] = {
                "",
                "2026",
                "2026-01-31",
                "2026-01-31T12:00:00",
                "2026-01-31T12:00Z",
                "2026-1-31T12:00:00Z",
                "2026-01-31T12:00:00.Z",
                "2026-01-31T12:00:00.1234567890Z",
                "2026-01-31T12:00:00+0100",
                "2026-01-31T12:00:00+24:00",
                "2026-01-31T12:00:00+01:60",
                "2026-01-31T12:00:00Z ",
                " 2026-01-31T12:00:00Z",
                "2026-01-31T24:00:00Z",
                "2026-01-31T12:60:00Z",
                "2026-01-31T12:00:60Z",
                "2026-02-29T12:00:00Z",
                "1900-02-29T12:00:00Z",
                "2026-04-31T12:00:00Z",
                "2026-00-01T12:00:00Z",
                "2026-13-01T12:00:00Z",
                "2026-01-00T12:00:00Z",
                "0000-01-01T00:00:00Z",
                "0001-01-01T00:00:00+00:01",
                "9999-12-31T23:59:59-00:01",
                "+026-01-31T12:00:00Z",
                "now",
        };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                int64_t time_us = 42;
                Error err = ERROR_INIT;

                ck_assert_msg(clock_parse(bad[i], strlen(bad[i]), &time_us, &err) ==
                                      ERROR_MALFORMED,
                              "\"%s\" was taken", bad[i]);
                ck_assert_int_eq(time_us, 42);
                ck_assert_msg(*err.message, "no message for \"%s\"", bad[i]);
        }
}
END_TEST

START_TEST(parse_reads_no_further_than_its_size)
{
        int64_t time_us;

        ck_assert_int_eq(clock_parse("2026-01-31T12:00:00Zxx", 20, &time_us, NULL), ERROR_NONE);
        ck_assert_int_eq(clock_parse("2026-01-31T12:00:00Z", 19, &time_us, NULL), ERROR_MALFORMED);
}
END_TEST

START_TEST(monotonic_clock_moves_on)
{
        int64_t start = clock_monotonic_us();

        clock_wait_us(2 * US_PER_MS);
        ck_assert_int_ge(clock_monotonic_us() - start, 2 * US_PER_MS);
        clock_wait_us(0);
        clock_wait_us(-5);
        ck_assert_int_gt(clock_now_us(), parsed("2024-01-01T00:00:00Z"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("clock");
        TCase *tcase = tcase_create("clock");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, format_and_back);
        tcase_add_test(tcase, format_and_back_over_all_years);
        tcase_add_test(tcase, parse_takes_offsets);
        tcase_add_test(tcase, parse_takes_fractions);
        tcase_add_test(tcase, parse_refuses_what_is_no_moment);
        tcase_add_test(tcase, parse_reads_no_further_than_its_size);
        tcase_add_test(tcase, monotonic_clock_moves_on);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
