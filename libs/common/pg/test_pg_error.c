#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/pg/pg_error.h"

static void expect(ExecStatusType status, ErrorCode expected)
{
        _cleanup_(PQclearp) PGresult *res = PQmakeEmptyPGresult(NULL, status);
        Error err = ERROR_INIT;

        ck_assert_int_eq(pg_error_from_result(&err, NULL, res, "test"), expected);
        ck_assert_int_eq(err.code, expected);
}

START_TEST(successes_are_no_errors)
{
        expect(PGRES_COMMAND_OK, ERROR_NONE);
        expect(PGRES_TUPLES_OK, ERROR_NONE);
        expect(PGRES_SINGLE_TUPLE, ERROR_NONE);
        expect(PGRES_EMPTY_QUERY, ERROR_NONE);
        expect(PGRES_PIPELINE_SYNC, ERROR_NONE);
}
END_TEST

START_TEST(no_result_means_no_connection)
{
        Error err = ERROR_INIT;

        ck_assert_int_eq(pg_error_from_result(&err, NULL, NULL, "append events"),
                         ERROR_UNAVAILABLE);
        ck_assert_str_eq(err.message, "could not append events: no connection to PostgreSQL");
        ck_assert_int_eq(pg_error_from_result(NULL, NULL, NULL, "x"), ERROR_UNAVAILABLE);
}
END_TEST

START_TEST(the_rest_of_a_failed_pipeline_points_at_its_cause)
{
        expect(PGRES_PIPELINE_ABORTED, ERROR_INTERNAL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pg_error");
        TCase *tcase = tcase_create("pg_error");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, successes_are_no_errors);
        tcase_add_test(tcase, no_result_means_no_connection);
        tcase_add_test(tcase, the_rest_of_a_failed_pipeline_points_at_its_cause);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
