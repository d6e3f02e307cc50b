#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buffer.h"

START_TEST(appends)
{
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;

        ck_assert_str_eq(buffer_text(&buffer), "");
        buffer_append_string(&buffer, "ab");
        buffer_append_char(&buffer, 'c');
        buffer_append(&buffer, "d\0e", 3);
        ck_assert_uint_eq(buffer.size, 6);
        ck_assert_int_eq(memcmp(buffer.data, "abcd\0e", 7), 0);
        buffer_clear(&buffer);
        ck_assert_str_eq(buffer_text(&buffer), "");
        buffer_printf(&buffer, "%s-%d", "x", 12);
        ck_assert_str_eq(buffer_text(&buffer), "x-12");
}
END_TEST

START_TEST(grows)
{
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;

        for (int i = 0; i < 10000; i++)
                buffer_append_char(&buffer, (char)('a' + i % 26));
        ck_assert_uint_eq(buffer.size, 10000);
        ck_assert_uint_eq(strlen(buffer.data), 10000);
        for (int i = 0; i < 10000; i++)
                ck_assert_int_eq(buffer.data[i], 'a' + i % 26);
}
END_TEST

START_TEST(reserved_memory_is_text_at_once)
{
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;

        (void)buffer_reserve(&buffer, 100);
        ck_assert_str_eq(buffer_text(&buffer), "");
        buffer_append(&buffer, NULL, 0);
        ck_assert_str_eq(buffer_text(&buffer), "");
}
END_TEST

START_TEST(take_hands_over)
{
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;

        char *text = buffer_take(&buffer);

        ck_assert_str_eq(text, "");
        free(text);
        buffer_append_string(&buffer, "abc");
        text = buffer_take(&buffer);
        ck_assert_str_eq(text, "abc");
        ck_assert_uint_eq(buffer.size, 0);
        free(text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("buffer");
        TCase *tcase = tcase_create("buffer");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, appends);
        tcase_add_test(tcase, grows);
        tcase_add_test(tcase, reserved_memory_is_text_at_once);
        tcase_add_test(tcase, take_hands_over);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
