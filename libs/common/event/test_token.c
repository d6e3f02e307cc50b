#include <check.h>
#include <stdlib.h>

#include "common/event/token.h"

START_TEST(token_round_trip)
{
        Token token = { .aggregate_type = "project", .partition = 3, .position = 1234 }, back;
        char text[TOKEN_TEXT_SIZE];

        token_format(&token, text);
        ck_assert_str_eq(text, "project.3.1234");
        ck_assert_int_eq(token_parse(text, &back, NULL), ERROR_NONE);
        ck_assert_str_eq(back.aggregate_type, "project");
        ck_assert_int_eq(back.partition, 3);
        ck_assert_int_eq(back.position, 1234);
}
END_TEST

START_TEST(token_refuses_what_it_did_not_make)
{
        static const char *const bad[] = {
                "",           "project",      "project.1",   "project.-1.2",
                "project.1.", "project.1.2x", "Project.1.2", "project.1.-2"
        };
        Token token;

        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                ck_assert_int_eq(token_parse(bad[i], &token, NULL), ERROR_MALFORMED);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("token");
        TCase *tcase = tcase_create("token");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, token_round_trip);
        tcase_add_test(tcase, token_refuses_what_it_did_not_make);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
