/* Several workers of one view in one process: they share its log partitions, and what they report adds up. */

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "library_stack.h"
#include "tests/support/eventually.h"

/* Sessions of the view that have leased exactly so many log partitions. */
#define SESSIONS_WITH(n)                                                                        \
        "SELECT count(*) FROM (SELECT a.pid FROM pg_stat_activity a LEFT JOIN pg_locks l ON "   \
        "l.pid = a.pid AND l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted " \
        "WHERE a.application_name = 'projector-svc book 1' AND a.datname = current_database() " \
        "GROUP BY a.pid HAVING count(l.pid) = " #n ") AS sessions"

#define EPOCH_MAX "SELECT max(epoch) FROM view_book_1.checkpoint"

static LibraryStack *stack;
static ViewCrew *crew, *second;

static void setup(void)
{
        stack = library_stack_new(LIBRARY_BROKER_REAL);
}

static void teardown(void)
{
        library_stop(&crew);
        library_stop(&second);
        library_stack_free(stack);
}

static bool soon(const char *sql, int64_t expected)
{
        return eventually(LIBRARY_WAIT_MS, library_int(stack, sql) == expected);
}

/* The session that has leased log partition 0 is no more. */
static void cut_an_owner(void)
{
        library_sql(
                stack,
                "SELECT pg_terminate_backend(a.pid, 60000) FROM pg_stat_activity a JOIN pg_locks l "
                "ON l.pid = a.pid AND l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' "
                "WHERE a.application_name = 'projector-svc book 1' AND a.datname = "
                "current_database() ORDER BY a.pid LIMIT 1");
}

START_TEST(workers_share_partitions)
{
        library_store_many(stack, 800, 20, 1);
        library_publish_all(stack);
        crew = library_crew(stack, 2);
        library_expect_fresh(stack);
        ck_assert(soon(SESSIONS_WITH(2), 2));
        /* from the start: nothing has changed hands */
        ck_assert_int_eq(library_int(stack, EPOCH_MAX), 1);

        /* and with those of another instance */
        second = library_crew(stack, 2);
        ck_assert(soon(SESSIONS_WITH(1), 4));
        library_store_many(stack, 800, 20, 2);
        library_publish_all(stack);
        library_expect_fresh(stack);
        library_stop(&crew);
        ck_assert(soon(SESSIONS_WITH(2), 2));
        library_store_many(stack, 800, 20, 3);
        library_publish_all(stack);
        library_expect_fresh(stack);
}
END_TEST

START_TEST(more_workers_than_partitions_are_fine)
{
        library_store_many(stack, 400, 20, 4);
        library_publish_all(stack);
        crew = library_crew(stack, LIBRARY_PARTITIONS + 2);
        library_expect_fresh(stack);
        ck_assert(soon(SESSIONS_WITH(1), LIBRARY_PARTITIONS));
        ck_assert(soon(SESSIONS_WITH(0), 2));
        ck_assert(eventually(LIBRARY_WAIT_MS, view_crew_health(crew).postgresql));
}
END_TEST

/* One worker after the other loses its session, and gets what it has given up back. */
START_TEST(a_cut_session_loses_nothing)
{
        crew = library_crew(stack, 2);
        for (unsigned i = 0; i < 6; i++) {
                ck_assert(soon(SESSIONS_WITH(2), 2));
                library_store_many(stack, 400, 20, 20 + i);
                for (int p = 0; p < LIBRARY_PARTITIONS; p++)
                        library_publish(stack, p, stack->positions[p] - 60, stack->positions[p]);
                cut_an_owner();
                library_flush(stack);
        }
        library_expect_fresh(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, view_crew_health(crew).postgresql));
        ck_assert_int_gt(library_int(stack, EPOCH_MAX), 1);
}
END_TEST

/* An event in each log partition that cannot be applied, and one behind it. */
static void store_faults(void)
{
        for (int p = 0; p < LIBRARY_PARTITIONS; p++) {
                char shelf[16];

                (void)snprintf(shelf, sizeof shelf, "s%d", p);
                (void)library_store(stack, p, shelf, "BookBurnt", "{}");
                (void)library_store(stack, p, shelf, "ShelfPainted", "{}");
        }
        library_publish_all(stack);
}

static void expect_gauges(int64_t held, int64_t parked, int64_t lag)
{
        ck_assert_msg(eventually(LIBRARY_WAIT_MS,
                                 library_metric("skafu_view_held_partitions") == held &&
                                         library_metric("skafu_view_parked{") == parked &&
                                         library_metric("skafu_view_lag_events{") == lag),
                      "held %" PRId64 ", parked %" PRId64 ", lag %" PRId64,
                      library_metric("skafu_view_held_partitions"),
                      library_metric("skafu_view_parked{"),
                      library_metric("skafu_view_lag_events{"));
}

START_TEST(what_is_held_adds_up)
{
        const int64_t stored = 2 * (int64_t)LIBRARY_PARTITIONS;

        stack->config.parked_aggregates_max = 0;
        store_faults();
        crew = library_crew(stack, 2);
        for (int i = 0; i < 3; i++) {
                ck_assert(soon(SESSIONS_WITH(2), 2));
                expect_gauges(LIBRARY_PARTITIONS, 0, stored);
                ck_assert(eventually(LIBRARY_WAIT_MS, view_crew_health(crew).held));
                ck_assert(eventually(LIBRARY_WAIT_MS, view_crew_health(crew).lag == stored));
                ck_assert_int_eq(view_crew_health(crew).heads, stored);
                cut_an_owner();
        }
        library_stop(&crew);
        expect_gauges(0, 0, 0);
}
END_TEST

START_TEST(what_is_parked_adds_up)
{
        store_faults();
        crew = library_crew(stack, 2);
        for (int i = 0; i < 3; i++) {
                ck_assert(soon(SESSIONS_WITH(2), 2));
                expect_gauges(0, LIBRARY_PARTITIONS, 0);
                ck_assert(eventually(LIBRARY_WAIT_MS,
                                     view_crew_health(crew).parked == LIBRARY_PARTITIONS));
                cut_an_owner();
        }
        library_stop(&crew);
        expect_gauges(0, 0, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("view_crew");
        TCase *tcase = tcase_create("view_crew");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 0);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, workers_share_partitions);
        tcase_add_test(tcase, more_workers_than_partitions_are_fine);
        tcase_add_test(tcase, a_cut_session_loses_nothing);
        tcase_add_test(tcase, what_is_held_adds_up);
        tcase_add_test(tcase, what_is_parked_adds_up);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
