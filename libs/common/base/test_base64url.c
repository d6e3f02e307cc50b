#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base64url.h"

START_TEST(round_trip)
{
        char bytes[64];

        for (size_t size = 0; size < sizeof bytes; size++) {
                _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
                _cleanup_(buffer_deinit) Buffer back = BUFFER_INIT;

                for (size_t i = 0; i < size; i++)
                        bytes[i] = (char)(i * 37 + size);
                base64url_encode(&text, bytes, size);
                ck_assert_uint_eq(strspn(buffer_text(&text),
                                         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                         "qrstuvwxyz0123456789-_"),
                                  text.size);
                ck_assert(base64url_decode(&back, buffer_text(&text), text.size));
                ck_assert_mem_eq(buffer_text(&back), bytes, size);
                ck_assert_uint_eq(back.size, size);
        }
}
END_TEST

START_TEST(other_text_is_refused)
{
        static const char *const bad[] = { "A", "AB", "AAA=", "A+BC", "AB/C", "AAAAA", "AA A" };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                _cleanup_(buffer_deinit) Buffer bytes = BUFFER_INIT;

                ck_assert(!base64url_decode(&bytes, bad[i], strlen(bad[i])));
                ck_assert_uint_eq(bytes.size, 0);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("base64url");
        TCase *tcase = tcase_create("base64url");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, round_trip);
        tcase_add_test(tcase, other_text_is_refused);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
