#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "event_fault.h"

START_TEST(values_are_told_from_servers)
{
        static const struct {
                const char *sqlstate;
                bool expected;
        } cases[] = {
                { "22P02", true },  /* invalid text representation */
                { "22003", true },  /* numeric value out of range */
                { "22021", true },  /* character not in repertoire */
                { "23502", true },  /* not null violation */
                { "23514", true },  /* check violation */
                { "54000", true },  /* index row too large */
                { "54001", false }, /* statement too complex */
                { "", false },      /* the connection is gone */
                { "08006", false }, /* connection failure */
                { "25006", false }, /* read-only transaction */
                { "40001", false }, /* serialisation failure */
                { "40P01", false }, /* deadlock */
                { "42P01", false }, /* undefined table */
                { "42501", false }, /* insufficient privilege */
                { "53100", false }, /* disk full */
                { "53200", false }, /* out of memory */
                { "53300", false }, /* too many connections */
                { "55P03", false }, /* lock not available */
                { "57014", false }, /* query cancelled */
                { "57P01", false }, /* admin shutdown */
                { "58030", false }, /* I/O error */
                { "SK002", false }, /* another instance has taken over */
                { "XX001", false }, /* data corrupted */
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Error err = ERROR_INIT;

                (void)snprintf(err.sqlstate, sizeof err.sqlstate, "%s", cases[i].sqlstate);
                ck_assert_msg(event_fault_of_values(&err) == cases[i].expected, "%s",
                              cases[i].sqlstate);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("event_fault");
        TCase *tcase = tcase_create("event_fault");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, values_are_told_from_servers);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
