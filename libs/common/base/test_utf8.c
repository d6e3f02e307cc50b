#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"

static size_t prefix(const char *text)
{
        return utf8_prefix(text, strlen(text));
}

START_TEST(whole_characters_count)
{
        ck_assert_uint_eq(prefix(""), 0);
        ck_assert_uint_eq(prefix("plain"), 5);
        ck_assert_uint_eq(prefix("\xc3\xa9"), 2);
        ck_assert_uint_eq(prefix("\xe2\x82\xac"), 3);
        ck_assert_uint_eq(prefix("\xf0\x9f\x98\x80!"), 5);
        ck_assert_uint_eq(prefix("\xf4\x8f\xbf\xbf"), 4);
        ck_assert(utf8_valid("a\0b", 3));
}
END_TEST

START_TEST(the_first_wrong_byte_ends_the_prefix)
{
        static const char *const wrong[] = {
                "ab\x80",             /* continuation without a lead */
                "ab\xc0\x80",         /* overlong */
                "ab\xc3",             /* cut off */
                "ab\xc3(",            /* no continuation */
                "ab\xe0\x9f\xbf",     /* overlong */
                "ab\xed\xa0\x80",     /* a surrogate */
                "ab\xe2\x82(",        /* third byte */
                "ab\xf0\x8f\xbf\xbf", /* overlong */
                "ab\xf4\x90\x80\x80", /* beyond U+10FFFF */
                "ab\xf5\x80\x80\x80",
                "ab\xff",
        };

        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
                ck_assert_uint_eq(prefix(wrong[i]), 2);
}
END_TEST

START_TEST(characters_and_bytes)
{
        char bytes[4];

        for (uint32_t code = 0; code < 0x120000; code++) {
                bool is_one = code < 0xd800 || (code > 0xdfff && code < 0x110000);
                size_t n = utf8_encode(code, bytes);

                /* one assertion each would take longer than all the rest */
                if ((n > 0) != is_one || !utf8_valid(bytes, n) ||
                    (n && utf8_prefix(bytes, n - 1) != 0))
                        ck_abort_msg("U+%04X is wrong", (unsigned)code);
        }
        ck_assert_uint_eq(utf8_encode(0x20ac, bytes), 3);
        ck_assert_mem_eq(bytes, "\xe2\x82\xac", 3);
        ck_assert_uint_eq(utf8_encode(0x1f600, bytes), 4);
        ck_assert_mem_eq(bytes, "\xf0\x9f\x98\x80", 4);
        ck_assert_uint_eq(utf8_encode(0xe9, bytes), 2);
        ck_assert_mem_eq(bytes, "\xc3\xa9", 2);
        ck_assert_uint_eq(utf8_encode('a', bytes), 1);
        ck_assert_int_eq(bytes[0], 'a');
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("utf8");
        TCase *tcase = tcase_create("utf8");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, characters_and_bytes);
        tcase_add_test(tcase, whole_characters_count);
        tcase_add_test(tcase, the_first_wrong_byte_ends_the_prefix);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
