#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/model/sdl_string.h"

static const struct {
        const char *literal, *value;
} rows[] = {
        { "\"\"", "" },
        { "\"a\tb\"", "a\tb" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "\"\\u00e9\\u20AC\\uD83D\\uDE00\"", "é€😀" },
        { "\"\\u{e9}\\u{1F600}\"", "é😀" },
        { "\"\"\"\"\"\"", "" },
        { "\"\"\"a\"\"\"", "a" },
        { "\"\"\"a \"quoted\" word\"\"\"", "a \"quoted\" word" },
        { "\"\"\"\\\"\"\" \\n\"\"\"", "\"\"\" \\n" },
        { "\"\"\"\n    one\n      two\n    three\n  \n\"\"\"", "one\n  two\nthree" },
        { "\"\"\"  one\n    two\r\n\r    three\"\"\"", "  one\ntwo\n\nthree" },
        { "\"\"\"\n \t\n\"\"\"", "" },
};

START_TEST(literals_are_decoded)
{
        _cleanup_(buffer_deinit) Buffer value = BUFFER_INIT;
        const char *literal = rows[_i].literal, *fault = NULL;
        const char *end = sdl_string_decode(&value, literal, literal + strlen(literal), &fault);

        ck_assert_ptr_eq(end, literal + strlen(literal));
        ck_assert_str_eq(buffer_text(&value), rows[_i].value);
}
END_TEST

static const char *const bad[] = {
        "\"",          "\"a",          "\"a\n\"",
        "\"\x01\"",    "\"\\",         "\"\\\"",
        "\"\\x\"",     "\"\\u12\"",    "\"\\u{}\"",
        "\"\\u{41\"",  "\"\\u{0}\"",   "\"\\u{110000}\"",
        "\"\\udc00\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"",
        "\"\"\"",      "\"\"\"a\"\"",  "\"\"\"\x02\"\"\"",
};

START_TEST(others_are_refused)
{
        _cleanup_(buffer_deinit) Buffer value = BUFFER_INIT;
        const char *fault = NULL;

        ck_assert_ptr_null(sdl_string_decode(&value, bad[_i], bad[_i] + strlen(bad[_i]), &fault));
        ck_assert_ptr_nonnull(fault);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("sdl_string");
        TCase *tcase = tcase_create("sdl_string");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_loop_test(tcase, literals_are_decoded, 0, ARRAY_SIZE(rows));
        tcase_add_loop_test(tcase, others_are_refused, 0, ARRAY_SIZE(bad));
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
