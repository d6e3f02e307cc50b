#include <check.h>
#include <stdlib.h>

#include "past_state.h"

START_TEST(a_type_without_snapshots_is_refused)
{
        static const AggregateType mute = { .name = "mute", .state_size = 1 };
        const PastState wanted = { .type = &mute, .id = "m1" };
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        Error err = ERROR_INIT;

        ck_assert_int_eq(past_state_write(NULL, &wanted, true, &text, &err), ERROR_INVALID);
        ck_assert_str_eq(err.message,
                         "the state of a mute cannot be shown: the type has no snapshots, which "
                         "would say how to write it");
        ck_assert_uint_eq(text.size, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("past_state");
        TCase *tcase = tcase_create("past_state");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, a_type_without_snapshots_is_refused);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
