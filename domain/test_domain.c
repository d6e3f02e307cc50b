#include <check.h>
#include <stdlib.h>

#include "common/domain/testing/domain_rules.h"

/* Event types that no view is interested in. */
static const char *const ignored_events[] = { NULL };

START_TEST(tables_agree_and_every_event_is_projected)
{
        check_domain_rules(ignored_events);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("domain");
        TCase *tcase = tcase_create("domain");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, tables_agree_and_every_event_is_projected);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
