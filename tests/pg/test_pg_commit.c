/* The last statement of a transaction and its commit, in one round trip. */

#include <check.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/pg/pg_conn.h"
#include "common/pg/pg_params.h"
#include "tests/support/temp_database.h"

static TempDatabase *database;
static PGconn *conn;
static PgParams *params;
static PGresult *res;
static Error err;

static void setup(void)
{
        err = ERROR_INIT;
        res = NULL;
        params = pg_params_new();
        ck_assert_msg(temp_database_new_empty(&database, &err) == ERROR_NONE, "%s", err.message);
        conn = temp_database_connect(database, NULL);
}

static void teardown(void)
{
        PQclear(res);
        PQfinish(conn);
        pg_params_free(params);
        temp_database_free(database);
}

static int64_t soon(void)
{
        return clock_monotonic_us() + 60 * US_PER_SEC;
}

/* Run; keep the result in res and the error in err. */
static ErrorCode exec(const char *sql)
{
        PQclear(res);
        res = NULL;
        err = ERROR_INIT;
        return pg_exec(conn, sql, NULL, &res, soon(), "test", &err);
}

static ErrorCode commit(const char *name, const char *sql)
{
        err = ERROR_INIT;
        return pg_commit_prepared(conn, name, sql, params, soon(), "test", &err);
}

START_TEST(a_last_statement_commits)
{
        ck_assert_int_eq(exec("CREATE TABLE t (n int8 UNIQUE DEFERRABLE INITIALLY DEFERRED)"),
                         ERROR_NONE);
        for (int i = 1; i <= 3; i++) { /* prepared once */
                ck_assert_int_eq(exec("BEGIN"), ERROR_NONE);
                pg_params_clear(params);
                pg_params_int64(params, i);
                ck_assert_msg(commit("add", "INSERT INTO t VALUES ($1)") == ERROR_NONE, "%s",
                              err.message);
                ck_assert_int_eq(PQtransactionStatus(conn), PQTRANS_IDLE);
        }
        ck_assert_int_eq(exec("ROLLBACK; SELECT count(*) FROM t"), ERROR_NONE);
        ck_assert_str_eq(PQgetvalue(res, 0, 0), "3");
}
END_TEST

START_TEST(a_last_statement_that_fails_commits_nothing)
{
        ck_assert_int_eq(exec("CREATE TABLE t (n int8 UNIQUE DEFERRABLE INITIALLY DEFERRED);"
                              "INSERT INTO t VALUES (0)"),
                         ERROR_NONE);
        ck_assert_int_eq(exec("BEGIN; INSERT INTO t VALUES (1)"), ERROR_NONE);
        pg_params_clear(params);
        pg_params_int64(params, 0);
        ck_assert_int_eq(commit("divide", "INSERT INTO t VALUES (1 / $1)"), ERROR_INTERNAL);
        ck_assert_str_eq(err.sqlstate, "22012");
        ck_assert_int_eq(PQtransactionStatus(conn), PQTRANS_INERROR);
        ck_assert_int_eq(exec("ROLLBACK"), ERROR_NONE);

        /* the statement succeeds, and the commit does not */
        ck_assert_int_eq(exec("BEGIN; INSERT INTO t VALUES (1)"), ERROR_NONE);
        ck_assert_int_eq(commit("add", "INSERT INTO t VALUES ($1)"), ERROR_INTERNAL);
        ck_assert_str_eq(err.sqlstate, "23505");
        ck_assert_int_eq(exec("SELECT count(*) FROM t"), ERROR_NONE);
        ck_assert_str_eq(PQgetvalue(res, 0, 0), "1");
}
END_TEST

START_TEST(a_session_that_ends_in_a_commit_is_told)
{
        pg_params_clear(params);
        ck_assert_int_eq(exec("BEGIN"), ERROR_NONE);
        ck_assert_int_eq(commit("end", "SELECT pg_terminate_backend(pg_backend_pid())"),
                         ERROR_UNAVAILABLE);
        ck_assert_int_ne(PQstatus(conn), CONNECTION_OK);

        PQfinish(conn);
        conn = temp_database_connect(database, NULL);
        ck_assert_int_eq(exec("BEGIN"), ERROR_NONE);
        err = ERROR_INIT;
        ck_assert_int_eq(pg_commit_prepared(conn, "sleep", "SELECT pg_sleep(60)", params,
                                            clock_monotonic_us() + 200 * US_PER_MS, "test", &err),
                         ERROR_UNAVAILABLE);
        ck_assert_int_ne(PQstatus(conn), CONNECTION_OK);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pg_commit");
        TCase *tcase = tcase_create("pg_commit");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_last_statement_commits);
        tcase_add_test(tcase, a_last_statement_that_fails_commits_nothing);
        tcase_add_test(tcase, a_session_that_ends_in_a_commit_is_told);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
