/* Transactions that copy rows into a real PostgreSQL: any text, any size, what fails, and the last statement that commits. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pg/pg_conn.h"
#include "common/pg/pg_copy.h"
#include "common/pg/pg_params.h"
#include "tests/support/temp_database.h"

#define COPY "BEGIN; COPY pairs (n, t) FROM STDIN"

static TempDatabase *database;
static PGconn *conn;
static PgParams *params;
static Buffer lines;
static Error err;

static int64_t soon(void)
{
        return clock_monotonic_us() + 60 * US_PER_SEC;
}

static ErrorCode exec(const char *sql)
{
        err = ERROR_INIT;
        return pg_exec(conn, sql, NULL, NULL, soon(), "test", &err);
}

static void setup(void)
{
        err = ERROR_INIT;
        params = pg_params_new();
        ck_assert_msg(temp_database_new_empty(&database, &err) == ERROR_NONE, "%s", err.message);
        conn = temp_database_connect(database, NULL);
        ck_assert_int_eq(exec("CREATE TABLE pairs (n int8 PRIMARY KEY, t text)"), ERROR_NONE);
}

static void teardown(void)
{
        buffer_deinit(&lines);
        PQfinish(conn);
        pg_params_free(params);
        temp_database_free(database);
}

static void add_pair(const char *n, const char *t)
{
        pg_copy_value(&lines, n);
        buffer_append_char(&lines, '\t');
        pg_copy_value(&lines, t);
        buffer_append_char(&lines, '\n');
}

static ErrorCode begin(const char *sql)
{
        err = ERROR_INIT;
        return pg_copy_begin(conn, sql, soon(), "copy", &err);
}

/* All lines, and what came of it. */
static ErrorCode finish(void)
{
        ErrorCode code = pg_copy_lines(conn, &lines, soon(), "copy", &err);

        if (!code)
                code = pg_copy_end(conn, soon(), "copy", &err);
        return code ? code : pg_receive(conn, NULL, soon(), "copy", &err);
}

static bool is_true(const char *condition)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        _cleanup_(PQclearp) PGresult *res = NULL;

        buffer_printf(&sql, "SELECT %s", condition);
        ck_assert_msg(pg_exec(conn, sql.data, NULL, &res, soon(), "test", &err) == ERROR_NONE, "%s",
                      err.message);
        return strcmp(PQgetvalue(res, 0, 0), "t") == 0;
}

START_TEST(every_character_arrives)
{
        char every[256];

        for (int c = 1; c < 128; c++)
                every[c - 1] = (char)c;
        every[127] = 0;
        ck_assert_int_eq(begin(COPY), ERROR_NONE);
        add_pair("1", every);
        add_pair("2", NULL);
        add_pair("3", "\\N");
        add_pair("4", "\\.");
        add_pair("5", "");
        ck_assert_msg(finish() == ERROR_NONE, "%s", err.message);
        ck_assert_int_eq(exec("COMMIT"), ERROR_NONE);
        ck_assert(is_true(
                "t = (SELECT string_agg(chr(c), '' ORDER BY c) FROM generate_series(1, 127) AS c)"
                " FROM pairs WHERE n = 1"));
        ck_assert(is_true("t IS NULL FROM pairs WHERE n = 2"));
        ck_assert(is_true("t = E'\\\\N' FROM pairs WHERE n = 3"));
        ck_assert(is_true("t = E'\\\\.' FROM pairs WHERE n = 4"));
        ck_assert(is_true("t = '' FROM pairs WHERE n = 5"));
}
END_TEST

/* Far more than any socket holds. */
START_TEST(much_arrives_in_pieces)
{
        char n[24];

        ck_assert_int_eq(begin(COPY), ERROR_NONE);
        for (int i = 0; i < 200000; i++) {
                (void)snprintf(n, sizeof n, "%d", i);
                add_pair(n, "a text of some length, again and again, line by line, row by row");
                if (i % 50000 == 0) {
                        ck_assert_int_eq(pg_copy_lines(conn, &lines, soon(), "copy", &err),
                                         ERROR_NONE);
                        buffer_clear(&lines);
                }
        }
        ck_assert_msg(finish() == ERROR_NONE, "%s", err.message);
        ck_assert_int_eq(exec("COMMIT"), ERROR_NONE);
        ck_assert(is_true("count(*) = 200000 FROM pairs"));
}
END_TEST

START_TEST(no_lines_are_no_rows)
{
        ck_assert_int_eq(begin(COPY), ERROR_NONE);
        ck_assert_int_eq(finish(), ERROR_NONE);
        ck_assert_int_eq(exec("COMMIT"), ERROR_NONE);
        ck_assert(is_true("count(*) = 0 FROM pairs"));
}
END_TEST

/* PostgreSQL says so before the last line, and takes the others without a look. */
START_TEST(a_row_that_is_refused_fails_all)
{
        ck_assert_int_eq(exec("INSERT INTO pairs VALUES (7, 'there')"), ERROR_NONE);
        ck_assert_int_eq(begin(COPY), ERROR_NONE);
        add_pair("7", "again");
        for (int i = 0; i < 100000; i++)
                add_pair("8", "one of many, of which the first one is enough to fail");
        ck_assert_int_eq(finish(), ERROR_INTERNAL);
        ck_assert_str_eq(err.sqlstate, "23505");
        ck_assert_int_eq(exec("ROLLBACK"), ERROR_NONE);
        ck_assert(is_true("count(*) = 1 FROM pairs"));

        buffer_clear(&lines);
        ck_assert_int_eq(begin(COPY), ERROR_NONE);
        add_pair("no number", "x");
        ck_assert_int_eq(finish(), ERROR_INTERNAL);
        ck_assert_str_eq(err.sqlstate, "22P02");
        ck_assert_int_eq(exec("ROLLBACK"), ERROR_NONE);
}
END_TEST

START_TEST(a_copy_that_cannot_begin_leaves_the_connection)
{
        ck_assert_int_eq(begin("BEGIN; COPY nowhere FROM STDIN"), ERROR_INTERNAL);
        ck_assert_str_eq(err.sqlstate, "42P01");
        ck_assert_int_eq(exec("ROLLBACK"), ERROR_NONE);
        ck_assert_int_eq(begin("SELECT 1/0; COPY pairs FROM STDIN"), ERROR_INTERNAL);
        ck_assert_int_eq(begin(COPY), ERROR_NONE);
        add_pair("1", "x");
        ck_assert_int_eq(finish(), ERROR_NONE);
        ck_assert_int_eq(exec("COMMIT"), ERROR_NONE);
        /* no COPY in it */
        ck_assert_int_ne(begin("SELECT 1"), ERROR_NONE);
        ck_assert(is_true("count(*) = 1 FROM pairs"));
}
END_TEST

START_TEST(a_deadline_ends_it)
{
        _cleanup_(PQfinishp) PGconn *other = temp_database_connect(database, NULL);

        ck_assert_int_eq(pg_exec(other, "BEGIN; LOCK TABLE pairs", NULL, NULL, soon(), "test",
                                 &err),
                         ERROR_NONE);
        ck_assert_int_eq(pg_copy_begin(conn, COPY, clock_monotonic_us() + 50 * US_PER_MS, "copy",
                                       &err),
                         ERROR_UNAVAILABLE);
        ck_assert_int_eq(exec("SELECT 1"), ERROR_UNAVAILABLE);
}
END_TEST

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
        ck_assert_int_eq(exec("ROLLBACK"), ERROR_NONE);
        ck_assert(is_true("count(*) = 3 FROM t"));
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
        ck_assert(is_true("count(*) = 1 FROM t"));
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
        Suite *suite = suite_create("pg_copying");
        TCase *tcase = tcase_create("pg_copying");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, every_character_arrives);
        tcase_add_test(tcase, much_arrives_in_pieces);
        tcase_add_test(tcase, no_lines_are_no_rows);
        tcase_add_test(tcase, a_row_that_is_refused_fails_all);
        tcase_add_test(tcase, a_copy_that_cannot_begin_leaves_the_connection);
        tcase_add_test(tcase, a_deadline_ends_it);
        tcase_add_test(tcase, a_last_statement_commits);
        tcase_add_test(tcase, a_last_statement_that_fails_commits_nothing);
        tcase_add_test(tcase, a_session_that_ends_in_a_commit_is_told);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
