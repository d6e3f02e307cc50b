#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/json_writer.h"

static void check_double(double value, const char *expected)
{
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;

        json_write_double(&buffer, NULL, value);
        ck_assert_str_eq(buffer_text(&buffer), expected);
}

START_TEST(commas_are_placed)
{
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;

        json_write_object(&buffer, NULL);
        json_write_string(&buffer, "a", "x\"y");
        json_write_int(&buffer, "b", -7);
        json_write_array(&buffer, "c");
        json_write_int(&buffer, NULL, 1);
        json_write_object(&buffer, NULL);
        json_write_object_end(&buffer);
        json_write_array(&buffer, NULL);
        json_write_array_end(&buffer);
        json_write_string(&buffer, NULL, NULL);
        json_write_array_end(&buffer);
        json_write_object(&buffer, "d");
        json_write_bool(&buffer, "e", true);
        json_write_bool(&buffer, "f", false);
        json_write_object_end(&buffer);
        json_write_null(&buffer, "g");
        json_write_time(&buffer, "h", 0);
        json_write_raw(&buffer, "i", (JsonSpan){ "[1, 2]xx", 6 });
        json_write_raw(&buffer, "absent", (JsonSpan){ NULL, 0 });
        json_write_string_n(&buffer, "j", "abcdef", 3);
        json_write_object_end(&buffer);
        ck_assert_str_eq(
                buffer_text(&buffer),
                "{\"a\":\"x\\\"y\",\"b\":-7,\"c\":[1,{},[],null],\"d\":{\"e\":true,\"f\":false},"
                "\"g\":null,\"h\":\"1970-01-01T00:00:00.000000Z\",\"i\":[1, 2],\"j\":\"abc\"}");
        ck_assert_int_eq(json_text_check(buffer.data, buffer.size, 8, NULL), ERROR_NONE);
}
END_TEST

START_TEST(no_comma_between_lines)
{
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;

        for (int i = 0; i < 2; i++) {
                json_write_object(&buffer, NULL);
                json_write_object_end(&buffer);
                buffer_append_char(&buffer, '\n');
        }
        ck_assert_str_eq(buffer_text(&buffer), "{}\n{}\n");
}
END_TEST

START_TEST(strings_that_look_like_syntax)
{
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;

        json_write_array(&buffer, NULL);
        json_write_string(&buffer, NULL, "[");
        json_write_string(&buffer, NULL, "{");
        json_write_string(&buffer, NULL, ":");
        json_write_array_end(&buffer);
        ck_assert_str_eq(buffer_text(&buffer), "[\"[\",\"{\",\":\"]");
}
END_TEST

START_TEST(doubles_are_short_and_exact)
{
        check_double(0, "0");
        check_double(0.1, "0.1");
        check_double(1.0 / 3, "0.3333333333333333");
        check_double(-1.5e300, "-1.5e+300");
        check_double(100, "100");
        check_double(DBL_MAX, "1.7976931348623157e+308");
        check_double(5e-324, "4.94065645841247e-324");
        check_double(NAN, "null");
        check_double(INFINITY, "null");
        check_double(-INFINITY, "null");
}
END_TEST

START_TEST(integers_to_their_ends)
{
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;

        json_write_array(&buffer, NULL);
        json_write_int(&buffer, NULL, INT64_MIN);
        json_write_int(&buffer, NULL, INT64_MAX);
        json_write_array_end(&buffer);
        ck_assert_str_eq(buffer_text(&buffer), "[-9223372036854775808,9223372036854775807]");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("json_writer");
        TCase *tcase = tcase_create("json_writer");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, commas_are_placed);
        tcase_add_test(tcase, no_comma_between_lines);
        tcase_add_test(tcase, strings_that_look_like_syntax);
        tcase_add_test(tcase, doubles_are_short_and_exact);
        tcase_add_test(tcase, integers_to_their_ends);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
