/* Statements that another thread ends. */

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pg/pg_conn.h"
#include "common/pg/pg_params.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_database.h"

static TempDatabase *database;
static PGconn *conn, *other;
static atomic_bool stop;

static void setup(void)
{
        Error err = ERROR_INIT;

        ck_assert_msg(temp_database_new_empty(&database, &err) == ERROR_NONE, "%s", err.message);
        conn = temp_database_connect(database, NULL);
        other = temp_database_connect(database, NULL);
        atomic_store(&stop, false);
}

static void teardown(void)
{
        PQfinish(conn);
        PQfinish(other);
        temp_database_free(database);
}

static int64_t deadline_in(int64_t seconds)
{
        return clock_monotonic_us() + seconds * US_PER_SEC;
}

static ErrorCode exec(const char *sql, int64_t deadline_us, Error *err)
{
        *err = ERROR_INIT;
        return pg_exec_stoppable(conn, sql, NULL, NULL, &stop, deadline_us, "test", err);
}

static void expect_usable(void)
{
        Error err = ERROR_INIT;

        ck_assert_msg(pg_exec(conn, "SELECT 1", NULL, NULL, deadline_in(60), "test", &err) ==
                              ERROR_NONE,
                      "%s", err.message);
}

static int64_t count_sleepers(void)
{
        _cleanup_(PQclearp) PGresult *count = NULL;

        if (pg_exec(other,
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND "
                    "datname = current_database()",
                    NULL, &count, deadline_in(60), "count", NULL))
                return -1;
        return strtoll(PQgetvalue(count, 0, 0), NULL, 10);
}

static void *tell(void *data)
{
        (void)eventually(60000, count_sleepers() == 1);
        atomic_store(&stop, true);
        return NULL;
}

START_TEST(a_statement_is_cancelled)
{
        pthread_t thread;
        Error err;

        ck_assert_int_eq(pthread_create(&thread, NULL, tell, NULL), 0);
        ck_assert_int_eq(exec("SELECT pg_sleep(3600)", deadline_in(3600), &err), ERROR_UNAVAILABLE);
        ck_assert_str_eq(err.message, "could not test: told to stop");
        (void)pthread_join(thread, NULL);
        ck_assert_int_eq(count_sleepers(), 0);
        expect_usable();
}
END_TEST

START_TEST(nothing_is_sent_when_it_is_too_late)
{
        Error err;

        atomic_store(&stop, true);
        ck_assert_int_eq(exec("CREATE TABLE t ()", deadline_in(60), &err), ERROR_UNAVAILABLE);
        atomic_store(&stop, false);
        ck_assert_int_eq(exec("CREATE TABLE t ()", deadline_in(60), &err), ERROR_NONE);
}
END_TEST

START_TEST(untold_it_is_as_any_other)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        Error err = ERROR_INIT;

        pg_params_int32(params, 41);
        ck_assert_int_eq(pg_exec_stoppable(conn, "SELECT $1 + 1 FROM pg_sleep(0.2)", params, &res,
                                           &stop, deadline_in(60), "test", &err),
                         ERROR_NONE);
        ck_assert_str_eq(PQgetvalue(res, 0, 0), "42");
        ck_assert_int_eq(exec("SELECT 1 / 0", deadline_in(60), &err), ERROR_INTERNAL);
        ck_assert_str_eq(err.sqlstate, "22012");
        expect_usable();
        ck_assert_int_eq(exec("SELECT pg_terminate_backend(pg_backend_pid())", deadline_in(60),
                              &err),
                         ERROR_UNAVAILABLE);
        ck_assert_str_eq(err.sqlstate, "57P01");
}
END_TEST

START_TEST(it_has_a_deadline)
{
        Error err;

        ck_assert_int_eq(exec("SELECT pg_sleep(600)", clock_monotonic_us() + 200 * US_PER_MS, &err),
                         ERROR_UNAVAILABLE);
        ck_assert_str_eq(err.message, "could not test: no answer from PostgreSQL in time");
        ck_assert_int_eq(PQstatus(conn), CONNECTION_BAD);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pg_stop");
        TCase *tcase = tcase_create("pg_stop");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_statement_is_cancelled);
        tcase_add_test(tcase, nothing_is_sent_when_it_is_too_late);
        tcase_add_test(tcase, untold_it_is_as_any_other);
        tcase_add_test(tcase, it_has_a_deadline);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
