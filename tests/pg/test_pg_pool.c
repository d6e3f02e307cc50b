/* A pool on a real PostgreSQL: who waits, who gets what, and what happens while the server says no. */

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/pg/pg_pool.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_database.h"

static TempDatabase *database;
static PgPool *pool;
static Error err;

static int64_t soon(void)
{
        return clock_monotonic_us() + 60 * US_PER_SEC;
}

static void make_pool(const char *url, size_t size)
{
        ck_assert_int_eq(pg_pool_new(&pool, url, "pool", size, &err), ERROR_NONE);
}

static void setup(void)
{
        _cleanup_(freep) char *url = NULL;

        err = ERROR_INIT;
        ck_assert_msg(temp_database_new_empty(&database, &err) == ERROR_NONE, "%s", err.message);
        url = temp_database_url(database, NULL);
        make_pool(url, 2);
}

static void teardown(void)
{
        pg_pool_free(pool);
        temp_database_free(database);
}

static PgLease *lease(void)
{
        PgLease *ret = NULL;

        ck_assert_msg(pg_pool_lease(pool, &ret, soon(), &err) == ERROR_NONE, "%s", err.message);
        return ret;
}

static void exec(PgLease *on, const char *sql)
{
        ck_assert_msg(pg_exec(pg_lease_conn(on), sql, NULL, NULL, soon(), "test", &err) ==
                              ERROR_NONE,
                      "%s", err.message);
}

START_TEST(the_last_used_is_lent_first)
{
        PgLease *a = lease(), *b = lease();
        int pid_a = PQbackendPID(pg_lease_conn(a)), pid_b = PQbackendPID(pg_lease_conn(b));

        ck_assert_int_ne(pid_a, pid_b);
        pg_lease_return(a);
        pg_lease_return(b);
        for (int i = 0; i < 3; i++) {
                PgLease *again = lease();

                ck_assert_int_eq(PQbackendPID(pg_lease_conn(again)), pid_b);
                pg_lease_return(again);
        }
        pg_lease_return(NULL);
}
END_TEST

START_TEST(when_all_are_busy_the_deadline_counts)
{
        PgLease *a = lease(), *b = lease(), *none = NULL;
        int64_t started_us = clock_monotonic_us();

        ck_assert_int_eq(pg_pool_lease(pool, &none, started_us + 50 * US_PER_MS, &err),
                         ERROR_UNAVAILABLE);
        ck_assert_str_eq(err.message, "all 2 connections to PostgreSQL are busy");
        ck_assert_int_ge(clock_monotonic_us() - started_us, 50 * US_PER_MS);
        ck_assert_int_eq(pg_pool_lease(pool, &none, 0, &err), ERROR_UNAVAILABLE);
        pg_lease_return(a);
        a = lease(); /* who gave up is forgotten */
        pg_lease_return(b);
        pg_lease_return(a);
}
END_TEST

#define WAITERS 4

typedef struct LineWaiter {
        pthread_t thread;
        _Atomic pid_t tid; /* 0 until it runs */
        int place;         /* in the order of being served */
} LineWaiter;

static atomic_int n_served;

static void *wait_in_line(void *arg)
{
        LineWaiter *self = arg;
        PgLease *mine = NULL;

        atomic_store(&self->tid, gettid());
        if (pg_pool_lease(pool, &mine, soon(), NULL))
                return NULL;
        self->place = atomic_fetch_add(&n_served, 1) + 1;
        pg_lease_return(mine);
        return NULL;
}

/* Nothing else makes it sleep than the wait for a lease: nobody holds the pool's lock. */
static bool is_in_line(LineWaiter *waiter)
{
        char path[64], state = '\0';
        FILE *file;

        (void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", atomic_load(&waiter->tid));
        file = fopen(path, "re");
        if (!file)
                return false;
        if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
                state = '\0';
        (void)fclose(file);
        return state == 'S';
}

START_TEST(who_waits_longest_is_served_first)
{
        PgLease *a = lease(), *b = lease();
        LineWaiter waiters[WAITERS] = { 0 };

        atomic_store(&n_served, 0);
        for (int i = 0; i < WAITERS; i++) {
                ck_assert_int_eq(pthread_create(&waiters[i].thread, NULL, wait_in_line,
                                                &waiters[i]),
                                 0);
                ck_assert(eventually(60000, is_in_line(&waiters[i])));
        }
        pg_lease_return(a); /* one connection passes from hand to hand */
        for (int i = 0; i < WAITERS; i++)
                (void)pthread_join(waiters[i].thread, NULL);
        for (int i = 0; i < WAITERS; i++)
                ck_assert_int_eq(waiters[i].place, i + 1);
        pg_lease_return(b);
}
END_TEST

static void *use_often(void *arg)
{
        atomic_int *failures = arg;

        for (int i = 0; i < 50; i++) {
                PgLease *mine = NULL;

                if (pg_pool_lease(pool, &mine, soon(), NULL) ||
                    pg_exec(pg_lease_conn(mine), "SELECT 1", NULL, NULL, soon(), "test", NULL))
                        (void)atomic_fetch_add(failures, 1);
                pg_lease_return(mine);
        }
        return NULL;
}

START_TEST(many_threads_share_few_connections)
{
        _cleanup_(PQfinishp) PGconn *other = temp_database_connect(database, NULL);
        _cleanup_(PQclearp) PGresult *res = NULL;
        atomic_int failures = 0;
        pthread_t threads[8];

        for (int i = 0; i < 8; i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, use_often, &failures), 0);
        for (int i = 0; i < 8; i++)
                (void)pthread_join(threads[i], NULL);
        ck_assert_int_eq(atomic_load(&failures), 0);
        ck_assert_int_eq(
                pg_exec(other,
                        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pool' "
                        "AND datname = current_database()",
                        NULL, &res, soon(), "count", NULL),
                ERROR_NONE);
        ck_assert_int_le(strtol(PQgetvalue(res, 0, 0), NULL, 10), 2);
}
END_TEST

START_TEST(a_broken_connection_is_replaced)
{
        PgLease *a = lease();
        int pid = PQbackendPID(pg_lease_conn(a));

        ck_assert_int_eq(pg_exec(pg_lease_conn(a), "SELECT pg_terminate_backend(pg_backend_pid())",
                                 NULL, NULL, soon(), "die", NULL),
                         ERROR_UNAVAILABLE);
        pg_lease_return(a);
        a = lease();
        ck_assert_int_ne(PQbackendPID(pg_lease_conn(a)), pid);
        exec(a, "SELECT 1");
        pg_lease_return(a);
}
END_TEST

START_TEST(a_connection_that_died_while_idle_is_replaced)
{
        _cleanup_(PQfinishp) PGconn *other = temp_database_connect(database, NULL);
        PgLease *a = lease();

        pg_lease_return(a);
        ck_assert_int_eq(
                pg_exec(other,
                        "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE "
                        "application_name = 'pool' AND datname = current_database()",
                        NULL, NULL, soon(), "kill", NULL),
                ERROR_NONE);
        a = lease();
        exec(a, "SELECT 1");
        pg_lease_return(a);
}
END_TEST

START_TEST(an_open_transaction_is_not_passed_on)
{
        PgLease *a = lease();

        exec(a, "CREATE TABLE t (n int)");
        exec(a, "BEGIN; INSERT INTO t VALUES (1)");
        pg_lease_return(a);
        a = lease();
        ck_assert_int_eq(PQtransactionStatus(pg_lease_conn(a)), PQTRANS_IDLE);
        exec(a, "DO $$ BEGIN ASSERT (SELECT count(*) = 0 FROM t); END $$");
        pg_lease_return(a);
}
END_TEST

/* A server that refuses: the database does not exist yet. */
START_TEST(refused_connections_fail_fast_and_come_back)
{
        _cleanup_(PQfinishp) PGconn *other = temp_database_connect(database, NULL);
        _cleanup_(freep) char *url = temp_database_url(database, NULL);
        _cleanup_(buffer_deinit) Buffer late = BUFFER_INIT, sql = BUFFER_INIT;
        PgLease *none = NULL;
        int64_t deadline_us;

        pg_pool_free(pool);
        pool = NULL;
        buffer_printf(&late, "%s dbname='%s_late'", url, PQdb(other));
        make_pool(buffer_text(&late), 2);
        ck_assert_int_eq(pg_pool_lease(pool, &none, soon(), &err), ERROR_UNAVAILABLE);
        deadline_us = soon();
        for (int i = 0; i < 100; i++)
                ck_assert_int_eq(pg_pool_lease(pool, &none, deadline_us, &err), ERROR_UNAVAILABLE);
        ck_assert_int_lt(clock_monotonic_us(), deadline_us); /* nobody waited for it */
        ck_assert_ptr_nonnull(strstr(err.message, "does not exist"));

        buffer_printf(&sql, "CREATE DATABASE %s_late", PQdb(other));
        ck_assert_int_eq(pg_exec(other, buffer_text(&sql), NULL, NULL, soon(), "create", &err),
                         ERROR_NONE);
        ck_assert(eventually(30000, pg_pool_lease(pool, &none, soon(), NULL) == ERROR_NONE));
        exec(none, "SELECT 1");
        pg_lease_return(none);
        pg_pool_free(pool);
        pool = NULL;
        buffer_clear(&sql);
        buffer_printf(&sql, "DROP DATABASE %s_late WITH (FORCE)", PQdb(other));
        ck_assert(eventually(60000, pg_exec(other, buffer_text(&sql), NULL, NULL, soon(), "drop",
                                            &err) == ERROR_NONE));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pg_pool");
        TCase *tcase = tcase_create("pg_pool");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, the_last_used_is_lent_first);
        tcase_add_test(tcase, when_all_are_busy_the_deadline_counts);
        tcase_add_test(tcase, who_waits_longest_is_served_first);
        tcase_add_test(tcase, many_threads_share_few_connections);
        tcase_add_test(tcase, a_broken_connection_is_replaced);
        tcase_add_test(tcase, a_connection_that_died_while_idle_is_replaced);
        tcase_add_test(tcase, an_open_transaction_is_not_passed_on);
        tcase_add_test(tcase, refused_connections_fail_fast_and_come_back);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
