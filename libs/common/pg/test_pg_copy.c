#include <check.h>
#include <stdlib.h>

#include "common/pg/pg_copy.h"

static void expect(const char *text, const char *value)
{
        _cleanup_(buffer_deinit) Buffer lines = BUFFER_INIT;

        pg_copy_value(&lines, text);
        ck_assert_str_eq(buffer_text(&lines), value);
}

START_TEST(values_end_neither_themselves_nor_their_line)
{
        expect(NULL, "\\N");
        expect("", "");
        expect("plain", "plain");
        expect("\\N", "\\\\N"); /* which is not null */
        expect("\\.", "\\\\.");
        expect("a\tb\nc\rd\\e", "a\\tb\\nc\\rd\\\\e");
        expect("\n\n", "\\n\\n");
        expect("\b\f\v", "\b\f\v");
        expect("gr\303\274n", "gr\303\274n");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pg_copy");
        TCase *tc = tcase_create("pg_copy");
        SRunner *runner;
        int failed;

        tcase_add_test(tc, values_end_neither_themselves_nor_their_line);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
