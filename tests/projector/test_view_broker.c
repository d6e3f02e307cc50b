/* A view beside librdkafka's built-in cluster, which keeps little and forgets. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "library_stack.h"
#include "tests/support/eventually.h"

static LibraryStack *stack;
static ViewCrew *worker;

static void setup(void)
{
        stack = library_stack_new(LIBRARY_BROKER_BUILT_IN);
}

static void teardown(void)
{
        library_stop(&worker);
        library_stack_free(stack);
}

/* Everything was published once, and the broker has nothing. */
START_TEST(an_empty_broker_is_made_up_for)
{
        library_store_many(stack, 1500, 20, 1);
        library_note_published(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);

        /* and then it goes on with what comes next */
        library_store_many(stack, 100, 20, 2);
        for (int p = 0; p < LIBRARY_PARTITIONS; p++)
                library_publish(stack, p, stack->positions[p] - 3, stack->positions[p]);
        library_flush(stack);
        library_expect_fresh(stack);
}
END_TEST

/* 5 MiB a partition: the beginning is gone. */
START_TEST(a_forgotten_beginning_is_made_up_for)
{
        static char pad[60000], data[sizeof pad + 200];

        int64_t filled = library_metric("skafu_view_filled_total");
        unsigned dice = 1;

        for (size_t i = 0; i + 1 < sizeof pad; i++) { /* nothing that can be compressed much */
                dice = dice * 1664525U + 1013904223U;
                pad[i] = (char)('!' + 2 + (dice >> 16) % 50);
        }
        for (int i = 0; i < 150; i++) {
                (void)snprintf(data, sizeof data,
                               "{\"bookId\":\"%d\",\"title\":\"t\",\"notes\":\"%s\"}", i, pad);
                (void)library_store(stack, 0, "s", "BookPlaced", data);
        }
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        filled = library_metric("skafu_view_filled_total") - filled;
        ck_assert(filled > 0 && filled < 150);
}
END_TEST

START_TEST(a_broker_that_is_away_is_waited_for)
{
        worker = library_worker(stack);
        library_store_many(stack, 300, 20, 3);
        library_publish_all(stack);
        library_expect_fresh(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, view_crew_health(worker).kafka));

        ck_assert_int_eq(rd_kafka_mock_broker_set_down(stack->cluster, 1), 0);
        ck_assert(eventually(LIBRARY_WAIT_MS, !view_crew_health(worker).kafka));
        library_store_many(stack, 300, 20, 4);
        ck_assert_int_eq(rd_kafka_mock_broker_set_up(stack->cluster, 1), 0);
        library_publish_all(stack);
        library_expect_fresh(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, view_crew_health(worker).kafka));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("view_broker");
        TCase *tcase = tcase_create("view_broker");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, an_empty_broker_is_made_up_for);
        tcase_add_test(tcase, a_forgotten_beginning_is_made_up_for);
        tcase_add_test(tcase, a_broker_that_is_away_is_waited_for);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
