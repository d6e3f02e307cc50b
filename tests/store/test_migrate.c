/* Migrations: once, in order, all or nothing, also when several programs migrate at once. */

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "append_call.h"
#include "common/base/clock.h"
#include "common/store/migrate.h"
#include "tests/support/temp_database.h"

#define TIMEOUT_US (60 * US_PER_SEC)
#define PROGRAMS   4

static TempDatabase *database;
static PGconn *conn;

static const Migration two[] = {
        { 1, "first", "CREATE TABLE first (n int); INSERT INTO first VALUES (1)" },
        { 2, "second", "CREATE TABLE second (n int); INSERT INTO first VALUES (2)" },
        { 0 },
};

static void setup(void)
{
        Error err = ERROR_INIT;

        ck_assert_msg(temp_database_new_empty(&database, &err) == ERROR_NONE, "%s", err.message);
        conn = temp_database_connect(database, NULL);
}

static void teardown(void)
{
        PQfinish(conn);
        temp_database_free(database);
}

static ErrorCode migrate(const Migration *migrations, int *ret_applied, Error *err)
{
        return store_migrate(conn, migrations, ret_applied, clock_monotonic_us() + TIMEOUT_US, err);
}

static void expect_applied(const Migration *migrations, int expected)
{
        Error err = ERROR_INIT;
        int applied = -1;

        ck_assert_msg(migrate(migrations, &applied, &err) == ERROR_NONE, "%s", err.message);
        ck_assert_int_eq(applied, expected);
}

static void expect_refused(const Migration *migrations, ErrorCode code, const char *part)
{
        Error err = ERROR_INIT;

        ck_assert_int_eq(migrate(migrations, NULL, &err), code);
        ck_assert_msg(strstr(err.message, part), "%s", err.message);
}

START_TEST(each_is_applied_once)
{
        const Migration one[] = { two[0], { 0 } };

        expect_applied(one, 1);
        expect_applied(two, 1);
        expect_applied(two, 0);
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM first"), 2);
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM skafu_migrations WHERE sha256 ~ "
                                         "'^[0-9a-f]{64}$' AND applied_at <= now()"),
                         2);
}
END_TEST

START_TEST(the_product_migrates_an_empty_database)
{
        int n = 0;

        while (store_migrations[n].version) {
                ck_assert_int_eq(store_migrations[n].version, n + 1);
                n++;
        }
        expect_applied(store_migrations, n);
        expect_applied(store_migrations, 0);
}
END_TEST

START_TEST(a_changed_one_is_refused)
{
        const Migration changed[] = { { 1, "first", "CREATE TABLE other (n int)" },
                                      two[1],
                                      { 3, "third", "CREATE TABLE third ()" },
                                      { 0 } };

        expect_applied(two, 2);
        expect_refused(changed, ERROR_INVALID, "migration 1 \"first\"");
        expect_refused(changed, ERROR_INVALID,
                       "migration 1 \"first\""); /* the lock was given back */
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM pg_class WHERE relname = 'third'"),
                         0);
}
END_TEST

START_TEST(a_newer_database_is_refused)
{
        const Migration one[] = { two[0], { 0 } };

        expect_applied(two, 2);
        expect_refused(one, ERROR_INVALID, "newer");
}
END_TEST

START_TEST(a_failing_one_leaves_nothing)
{
        const Migration failing[] = { two[0],
                                      { 2, "broken", "CREATE TABLE half (n int); SELECT 1 / 0" },
                                      { 0 } };

        expect_refused(failing, ERROR_INTERNAL, "broken");
        ck_assert_int_eq(PQtransactionStatus(conn), PQTRANS_IDLE);
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM pg_class WHERE relname = 'half'"),
                         0);
        ck_assert_int_eq(query_int(conn, "SELECT max(version) FROM skafu_migrations"), 1);
        expect_applied(two, 1);
}
END_TEST

typedef struct Program {
        pthread_t thread;
        int applied;
        Error failure;
} Program;

static void *run_program(void *arg)
{
        Program *program = arg;
        _cleanup_(PQfinishp) PGconn *own = temp_database_connect(database, NULL);

        if (store_migrate(own, store_migrations, &program->applied,
                          clock_monotonic_us() + TIMEOUT_US, &program->failure))
                program->applied = 0;
        return NULL;
}

START_TEST(several_at_once)
{
        Program programs[PROGRAMS] = { 0 };
        int applied = 0;

        for (int i = 0; i < PROGRAMS; i++)
                ck_assert_int_eq(pthread_create(&programs[i].thread, NULL, run_program,
                                                &programs[i]),
                                 0);
        for (int i = 0; i < PROGRAMS; i++)
                (void)pthread_join(programs[i].thread, NULL);
        for (int i = 0; i < PROGRAMS; i++) {
                ck_assert_msg(!programs[i].failure.code, "%s", programs[i].failure.message);
                applied += programs[i].applied;
        }
        ck_assert_int_eq(applied, (int)query_int(conn, "SELECT count(*) FROM skafu_migrations"));
}
END_TEST

START_TEST(waiting_for_another_ends_with_the_deadline)
{
        _cleanup_(PQfinishp) PGconn *other = temp_database_connect(database, NULL);
        Error err = ERROR_INIT;

        (void)query_int(other,
                        "SELECT 1 FROM pg_advisory_lock(hashtextextended('skafu migrations', 0))");
        ck_assert_int_eq(store_migrate(conn, two, NULL, clock_monotonic_us() + 100 * US_PER_MS,
                                       &err),
                         ERROR_UNAVAILABLE);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("migrate");
        TCase *tcase = tcase_create("migrate");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, each_is_applied_once);
        tcase_add_test(tcase, the_product_migrates_an_empty_database);
        tcase_add_test(tcase, a_changed_one_is_refused);
        tcase_add_test(tcase, a_newer_database_is_refused);
        tcase_add_test(tcase, a_failing_one_leaves_nothing);
        tcase_add_test(tcase, several_at_once);
        tcase_add_test(tcase, waiting_for_another_ends_with_the_deadline);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
