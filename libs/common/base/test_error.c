#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/error.h"

START_TEST(set_fills_and_returns)
{
        Error err = ERROR_INIT;

        ck_assert_int_eq(error_set_field(&err, ERROR_INVALID, "payload.name", "bad %s %d", "name",
                                         7),
                         ERROR_INVALID);
        ck_assert_int_eq(err.code, ERROR_INVALID);
        ck_assert_str_eq(err.field, "payload.name");
        ck_assert_str_eq(err.message, "bad name 7");
        ck_assert_int_eq(error_set(&err, ERROR_CONFLICT, "again"), ERROR_CONFLICT);
        ck_assert_str_eq(err.field, "");
        ck_assert_int_eq(error_no_memory(&err), ERROR_INTERNAL);
}
END_TEST

START_TEST(nobody_has_to_listen)
{
        ck_assert_int_eq(error_set(NULL, ERROR_INVALID, "x"), ERROR_INVALID);
        ck_assert_int_eq(error_set_field(NULL, ERROR_INVALID, "f", "x"), ERROR_INVALID);
}
END_TEST

START_TEST(an_error_can_be_wrapped_in_place)
{
        Error err = ERROR_INIT;

        (void)error_set_field(&err, ERROR_MALFORMED, "inner", "cause");
        (void)error_set_field(&err, ERROR_INTERNAL, err.field, "could not do it: %s", err.message);
        ck_assert_str_eq(err.message, "could not do it: cause");
        ck_assert_str_eq(err.field, "inner");
}
END_TEST

START_TEST(long_texts_are_cut_between_characters)
{
        /* One to four bytes a character; each start makes the cut fall at another of its bytes. */
        static const char *const characters[] = { "x", "\xc3\xa9", "\xe2\x82\xac",
                                                  "\xf0\x9f\x98\x80" };

        for (size_t c = 0; c < ARRAY_SIZE(characters); c++) {
                for (size_t start = 0; start < 4; start++) {
                        size_t size = strlen(characters[c]);
                        char text[512] = "aaa";
                        Error err = ERROR_INIT;

                        text[start] = '\0';
                        for (size_t at = start; at + size < sizeof text; at += size)
                                memcpy(text + at, characters[c], size + 1);
                        (void)error_set_field(&err, ERROR_INVALID, text, "%s", text);
                        ck_assert_uint_eq((strlen(err.message) - start) % size, 0);
                        ck_assert_uint_eq((strlen(err.field) - start) % size, 0);
                        ck_assert_uint_gt(strlen(err.message) + size, sizeof err.message - 1);
                        ck_assert_uint_gt(strlen(err.field) + size, sizeof err.field - 1);
                }
        }
}
END_TEST

START_TEST(what_is_no_utf8_becomes_question_marks)
{
        static const struct {
                const char *text, *expected;
        } texts[] = {
                { "a\xff"
                  "b",
                  "a?b" },
                { "\xc3", "?" },
                { "\xc3\xa9\xc3", "\xc3\xa9?" },
                { "\xc0\x80", "??" },
                { "\xe0\x80\x80", "???" },
                { "\xed\xa0\x80", "???" },
                { "\xf0\x80\x80\x80", "????" },
                { "\xf4\x90\x80\x80", "????" },
                { "\xe2\x82x", "??x" },
                { "\x80", "?" },
                { "\xf4\x8f\xbf\xbf\xed\x9f\xbf", "\xf4\x8f\xbf\xbf\xed\x9f\xbf" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                Error err = ERROR_INIT;

                (void)error_set_field(&err, ERROR_INVALID, texts[i].text, "%s", texts[i].text);
                ck_assert_str_eq(err.message, texts[i].expected);
                ck_assert_str_eq(err.field, texts[i].expected);
        }
}
END_TEST

START_TEST(every_code_has_a_name)
{
        for (int code = 0; code < ERROR_CODE_COUNT; code++)
                ck_assert_ptr_nonnull(error_code_name((ErrorCode)code));
        ck_assert(error_is_retriable(ERROR_UNAVAILABLE));
        ck_assert(!error_is_retriable(ERROR_INVALID));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("error");
        TCase *tcase = tcase_create("error");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, set_fills_and_returns);
        tcase_add_test(tcase, nobody_has_to_listen);
        tcase_add_test(tcase, an_error_can_be_wrapped_in_place);
        tcase_add_test(tcase, long_texts_are_cut_between_characters);
        tcase_add_test(tcase, what_is_no_utf8_becomes_question_marks);
        tcase_add_test(tcase, every_code_has_a_name);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
