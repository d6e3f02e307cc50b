#include "common/base/number.h"

#include <check.h>
#include <stdlib.h>

static const struct {
        const char *text;
        int64_t max, number; /* 0: it is none */
} rows[] = {
        { "1", 1, 1 },
        { "2", 1, 0 },
        { "10", 9, 0 },
        { "10", 10, 10 },
        { "11", 10, 0 },
        { "9223372036854775807", INT64_MAX, INT64_MAX },
        { "9223372036854775808", INT64_MAX, 0 },
        { "99999999999999999999", INT64_MAX, 0 },
        { "0", 9, 0 },
        { "01", 9, 0 },
        { "-1", 9, 0 },
        { "+1", 9, 0 },
        { " 1", 9, 0 },
        { "1 ", 9, 0 },
        { "1x", 9, 0 },
        { "", 9, 0 },
};

START_TEST(only_numbers_are_read)
{
        int64_t number = 0;

        ck_assert_int_eq(number_read(rows[_i].text, rows[_i].max, &number), rows[_i].number != 0);
        ck_assert_int_eq(number, rows[_i].number);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("number");
        TCase *tc = tcase_create("number");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(tc, only_numbers_are_read, 0, sizeof rows / sizeof rows[0]);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
