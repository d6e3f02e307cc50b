#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/uuid.h"

START_TEST(new_ones_are_version_7_and_ascend)
{
        int64_t before_ms = clock_now_us() / US_PER_MS, ms = 0;
        Uuid last = uuid_new(), next;

        for (int i = 0; i < 6; i++)
                ms = ms << 8 | last.bytes[i];
        ck_assert_int_ge(ms, before_ms);
        ck_assert_int_le(ms, clock_now_us() / US_PER_MS + 1);
        for (int i = 0; i < 20000; i++, last = next) {
                next = uuid_new();
                ck_assert_int_eq(next.bytes[6] >> 4, 7);
                ck_assert_int_eq(next.bytes[8] >> 6, 2);
                ck_assert_int_lt(memcmp(&last, &next, sizeof last), 0);
        }
}
END_TEST

START_TEST(text_and_back)
{
        static const char text[] = "01890a5d-ac96-774b-bcce-b302099a8057";
        char again[UUID_TEXT_SIZE];
        Uuid uuid;

        ck_assert(uuid_parse(text, strlen(text), &uuid));
        ck_assert_int_eq(uuid.bytes[0], 0x01);
        ck_assert_int_eq(uuid.bytes[15], 0x57);
        uuid_format(&uuid, again);
        ck_assert_str_eq(again, text);
        ck_assert(uuid_parse("01890A5D-AC96-774B-BCCE-B302099A8057", 36, &uuid));
        uuid_format(&uuid, again);
        ck_assert_str_eq(again, text);
}
END_TEST

START_TEST(parse_refuses_other_forms)
{
        static const char *const bad[] = {
                "",
                "01890a5dac96774bbcceb302099a8057",
                "01890a5d-ac96-774b-bcce-b302099a805",
                "01890a5d-ac96-774b-bcce-b302099a80577",
                "01890a5d-ac96-774b-bcceb-302099a8057",
                "01890a5g-ac96-774b-bcce-b302099a8057",
                "{1890a5d-ac96-774b-bcce-b302099a805}",
                "01890a5d-ac96-774b-bcce-b302099a80 7",
        };
        Uuid uuid;

        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                ck_assert_msg(!uuid_parse(bad[i], strlen(bad[i]), &uuid), "\"%s\" was taken",
                              bad[i]);
}
END_TEST

START_TEST(from_name_is_always_the_same)
{
        Uuid a = uuid_from_name("order 1", 7), b = uuid_from_name("order 1", 7);
        Uuid c = uuid_from_name("order 2", 7), empty = uuid_from_name("", 0);
        char text[UUID_TEXT_SIZE];

        ck_assert_int_eq(memcmp(&a, &b, sizeof a), 0);
        ck_assert_int_ne(memcmp(&a, &c, sizeof a), 0);
        ck_assert_int_eq(a.bytes[6] >> 4, 8);
        ck_assert_int_eq(a.bytes[8] >> 6, 2);
        /* SHA-256 of nothing: keys that are stored depend on it. */
        uuid_format(&empty, text);
        ck_assert_str_eq(text, "e3b0c442-98fc-8c14-9afb-f4c8996fb924");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("uuid");
        TCase *tcase = tcase_create("uuid");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, new_ones_are_version_7_and_ascend);
        tcase_add_test(tcase, text_and_back);
        tcase_add_test(tcase, parse_refuses_other_forms);
        tcase_add_test(tcase, from_name_is_always_the_same);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
