/* A view fed by the real broker: whatever the topic holds, the rows are those of a fresh fold. */

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "library.h"
#include "library_stack.h"
#include "tests/support/eventually.h"

#define LOG_0 "view=\"book\",aggregate_type=\"shelf\",partition=\"0\"}"

static LibraryStack *stack;
static ViewCrew *worker, *second;

static void setup(void)
{
        stack = library_stack_new(LIBRARY_BROKER_REAL);
}

static void teardown(void)
{
        library_stop(&worker);
        library_stop(&second);
        library_stack_free(stack);
}

START_TEST(events_become_rows)
{
        library_store_many(stack, 2000, 40, 1);
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_gt(library_int(stack, "SELECT count(*) FROM read.book"), 100);

        /* and as they come */
        for (int i = 0; i < 20; i++) {
                static const char *const shelves[] = { "l0", "l1", "l2", "l3" };
                int64_t position = library_store(stack, i % 4, shelves[i % 4], "BookPlaced",
                                                 "{\"bookId\":\"late\",\"title\":\"x\"}");

                library_publish(stack, i % 4, position, position);
                ck_assert(eventually(LIBRARY_WAIT_MS, library_caught_up(stack)));
        }
}
END_TEST

/* Repeats, gaps, wrong order and messages that are none. */
START_TEST(a_disorderly_topic_changes_nothing)
{
        int64_t filled = library_metric("skafu_view_filled_total");

        library_store_many(stack, 2000, 40, 2);
        for (int p = 0; p < LIBRARY_PARTITIONS; p++) {
                int64_t last = stack->positions[p];

                library_publish(stack, p, 1, 50);
                library_publish(stack, p, 20, 60); /* repeats */
                library_publish_raw(stack, p, NULL, "");
                library_publish_raw(stack, p, "61", "{\"eventType\":");
                library_publish_raw(stack, p, "62", "[]");
                library_publish_raw(stack, p, "-1", "{}");
                library_publish_raw(stack, p, "99999999999999999999", "{}");
                library_publish(stack, p, 65, 70); /* a gap, behind what could not be read */
                library_publish(stack, p, 73, 73); /* the wrong order */
                library_publish(stack, p, 71, 72);
                library_publish(stack, p, 74, 90);
                library_publish(stack, p, last - 20, last - 20); /* nearly everything is missing */
                library_publish(stack, p, 1, last - 10);
                library_publish(stack, p, last, last);
        }
        library_flush(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_gt(library_metric("skafu_view_filled_total"), filled);
        ck_assert_int_gt(library_metric("skafu_view_repeats_total"), 0);
        ck_assert_int_ge(library_metric("skafu_view_undecodable_total"), 20);
}
END_TEST

/* A queue that a batch empties, or that holds nothing for this view, is filled again at once: a second for each of these
 * fetches would be too long for the deadline. */
START_TEST(a_queue_smaller_than_a_batch_is_kept_full)
{
        enum {
                EVENTS = 1000,
                EVENTS_AT_A_TIME = 12,
                DEADLINE_MS = 40000
        };
        static char pad[8000], data[sizeof pad + 200];
        unsigned dice = 1;

        stack->config.kafka_queue_kbytes = 64;
        stack->config.batch_events_max = 5000;
        stack->config.batch_bytes_max = 64 << 20;
        library_sql(stack, "BEGIN");
        for (int i = 0; i < EVENTS; i++) {
                for (size_t k = 0; k + 1 < sizeof pad;
                     k++) { /* nothing that can be compressed much */
                        dice = dice * 1664525U + 1013904223U;
                        pad[k] = (char)('!' + 2 + (dice >> 16) % 50);
                }
                (void)snprintf(data, sizeof data,
                               "{\"bookId\":\"%d\",\"title\":\"t\",\"notes\":\"%s\"}", i, pad);
                (void)library_store(stack, 0, "s", _i ? "ShelfPainted" : "BookPlaced", data);
        }
        library_sql(stack, "COMMIT");
        for (int at = 1; at <= EVENTS; at += EVENTS_AT_A_TIME) {
                int last = at + EVENTS_AT_A_TIME - 1;

                library_publish(stack, 0, at, last < EVENTS ? last : EVENTS);
                library_flush(stack);
        }
        worker = library_worker(stack);
        ck_assert(eventually(DEADLINE_MS, library_caught_up(stack)));
        library_expect_fresh(stack);
}
END_TEST

START_TEST(a_restart_goes_on_where_it_was)
{
        int64_t applied = library_metric("skafu_view_events_total");

        library_store_many(stack, 1500, 40, 3);
        library_publish_all(stack);
        for (int i = 0; i < 5; i++) {
                int64_t before = library_metric("skafu_view_events_total");

                worker = library_worker(stack);
                ck_assert(eventually(LIBRARY_WAIT_MS,
                                     library_metric("skafu_view_events_total") > before ||
                                             library_caught_up(stack)));
                library_stop(&worker);
        }
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             library_metric("skafu_view_events_total") - applied == 1500));
}
END_TEST

/* The broker holds less than it acknowledged, and nothing comes after it. */
START_TEST(a_lost_end_is_filled)
{
        library_store_many(stack, 800, 20, 4);
        for (int p = 0; p < LIBRARY_PARTITIONS; p++)
                library_publish(stack, p, 1, stack->positions[p] / 2);
        library_flush(stack);
        worker = library_worker(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             library_int(stack, "SELECT min(position) FROM read.checkpoint") > 0));
        ck_assert(!library_caught_up(stack));
        library_note_published(stack);
        library_expect_fresh(stack);
}
END_TEST

START_TEST(a_topic_made_anew_is_read_from_its_beginning)
{
        library_store_many(stack, 400, 20, 5);
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        library_stop(&worker);

        /* as if the topic had been longer once */
        library_sql(stack, "UPDATE view_book_1.checkpoint SET kafka_offset = 1000000");
        library_store_many(stack, 400, 20, 6);
        for (int p = 0; p < LIBRARY_PARTITIONS; p++)
                library_publish(stack, p, stack->positions[p] - 5, stack->positions[p]);
        library_flush(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
}
END_TEST

START_TEST(instances_share_partitions)
{
        library_store_many(stack, 400, 20, 7);
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_eq(library_int(stack,
                                     "SELECT count(DISTINCT epoch) FROM view_book_1.checkpoint"),
                         1);
        second = library_worker(stack);
        /* half of them change hands: a new epoch */
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             library_int(stack, "SELECT count(*) FROM view_book_1.checkpoint "
                                                "WHERE epoch = 2") == 2));
        library_store_many(stack, 400, 20, 8);
        library_publish_all(stack);
        library_expect_fresh(stack);

        library_stop(&worker);
        library_store_many(stack, 400, 20, 9);
        library_publish_all(stack);
        library_expect_fresh(stack);
}
END_TEST

/* Somebody took the checkpoint over while the former owner still lives: its batch is refused, whole. */
START_TEST(a_former_owner_is_refused)
{
        int64_t fenced = library_metric("skafu_view_fenced_total");

        library_store_many(stack, 400, 20, 10);
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        library_sql(stack,
                    "UPDATE view_book_1.checkpoint SET epoch = epoch + 1 WHERE partition = 1");
        library_store_many(stack, 400, 20, 11);
        library_publish_all(stack);
        library_expect_fresh(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, library_metric("skafu_view_fenced_total") > fenced));
}
END_TEST

START_TEST(a_cut_connection_is_survived)
{
        worker = library_worker(stack);
        for (unsigned i = 0; i < 10; i++) {
                library_store_many(stack, 200, 20, 20 + i);
                for (int p = 0; p < LIBRARY_PARTITIONS; p++)
                        library_publish(stack, p, stack->positions[p] - 30, stack->positions[p]);
                library_flush(stack);
                library_sql(stack, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                                   "application_name LIKE 'projector-svc%' AND datname = "
                                   "current_database()");
        }
        library_expect_fresh(stack);
}
END_TEST

static int64_t books(const char *where)
{
        char sql[160];

        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM read.book WHERE id = 'b' AND %s",
                       where);
        return library_int(stack, sql);
}

/* Two shelves call a book the same: both have it, in the same partition, in two, and within one batch. */
START_TEST(rows_of_other_aggregates_are_out_of_reach)
{
        library_store(stack, 0, "s1", "BookPlaced", "{\"bookId\":\"b\",\"title\":\"first\"}");
        library_store(stack, 0, "s2", "BookRetitled", "{\"bookId\":\"b\",\"title\":\"stolen\"}");
        library_store(stack, 0, "s2", "BookRemoved", "{\"bookId\":\"b\"}");
        library_store(stack, 0, "s2", "BookPlaced", "{\"bookId\":\"b\",\"title\":\"second\"}");
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_eq(books("title = 'first' AND \"_aggregate\" = 's1'"), 1);
        ck_assert_int_eq(books("title = 'second' AND \"_aggregate\" = 's2'"), 1);

        library_store(stack, 1, "s3", "BookPlaced", "{\"bookId\":\"b\",\"title\":\"third\"}");
        library_store(stack, 0, "s1", "BookRemoved", "{\"bookId\":\"b\"}");
        library_store(stack, 0, "s1", "BookPlaced", "{\"bookId\":\"b\",\"title\":\"again\"}");
        library_store(stack, 0, "s2", "BookRetitled", "{\"bookId\":\"b\",\"title\":\"other\"}");
        library_publish(stack, 0, 5, 7);
        library_publish(stack, 1, 1, 1);
        library_expect_fresh(stack);
        ck_assert_int_eq(books("title = 'again' AND \"_aggregate\" = 's1'"), 1);
        ck_assert_int_eq(books("title = 'other' AND \"_aggregate\" = 's2'"), 1);
        ck_assert_int_eq(books("title = 'third' AND \"_aggregate\" = 's3'"), 1);

        library_store(stack, 0, "s2", "BookRemoved", "{\"bookId\":\"b\"}");
        library_publish(stack, 0, 8, 8);
        library_expect_fresh(stack);
        ck_assert_int_eq(books("true"), 2);
}
END_TEST

static int64_t position_of(int partition)
{
        char sql[128];

        (void)snprintf(
                sql, sizeof sql,
                "SELECT coalesce(max(position), 0) FROM view_book_1.checkpoint WHERE partition = %d",
                partition);
        return library_int(stack, sql);
}

/* Log partition _i is read first: the rows are the same, and each is of who made it. */
START_TEST(the_order_of_partitions_does_not_matter)
{
        int first = _i, second_partition = 1 - _i;

        library_store(stack, 0, "s1", "BookPlaced", "{\"bookId\":\"b\",\"title\":\"one\"}");
        library_store(stack, 1, "s2", "BookPlaced", "{\"bookId\":\"b\",\"title\":\"two\"}");
        library_store(stack, 1, "s2", "BookRetitled", "{\"bookId\":\"b\",\"title\":\"2\"}");
        library_publish(stack, first, 1, stack->positions[first]);
        library_flush(stack);
        worker = library_worker(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, position_of(first) == stack->positions[first]));
        ck_assert_int_eq(books("true"), 1);
        library_publish(stack, second_partition, 1, stack->positions[second_partition]);
        library_expect_fresh(stack);
        ck_assert_int_eq(books("title = 'one' AND \"_aggregate\" = 's1' AND \"_sequence\" = 1"), 1);
        ck_assert_int_eq(books("title = '2' AND \"_aggregate\" = 's2' AND \"_sequence\" = 2"), 1);
}
END_TEST

/* A value that the column refuses, an event type that this program does not know, a row without id. */
START_TEST(an_event_that_does_not_fit_holds_its_partition)
{
        stack->config.parked_aggregates_max = 0;
        library_store_many(stack, 800, 20, 30);
        int64_t before[3] = { stack->positions[0], stack->positions[1], stack->positions[2] };

        library_store(stack, 0, "s0", "BookPlaced",
                      "{\"bookId\":\"x0\",\"title\":\"t\",\"kind\":\"POEM\"}");
        library_store(stack, 1, "s1", "BookBurnt", "{\"bookId\":\"x1\"}");
        library_store(stack, 2, "s2", "BookPlaced", "{\"title\":\"t\"}");
        library_store_many(stack, 800, 20, 31);
        library_publish_all(stack);
        worker = library_worker(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             position_of(3) == stack->positions[3] && position_of(0) == before[0] &&
                                     position_of(1) == before[1] && position_of(2) == before[2]));
        ck_assert(eventually(LIBRARY_WAIT_MS, view_crew_health(worker).held));
        ck_assert(eventually(LIBRARY_WAIT_MS, library_metric("skafu_view_held_partitions") == 3));
        ck_assert_int_gt(library_metric("skafu_view_failures_total"), 0);
        ck_assert(eventually(LIBRARY_WAIT_MS, library_metric("skafu_view_lag_events{") ==
                                                      stack->positions[0] - before[0] +
                                                              stack->positions[1] - before[1] +
                                                              stack->positions[2] - before[2]));
        ck_assert(eventually(LIBRARY_WAIT_MS, library_metric("skafu_view_lag_seconds{") > 0));

        /* once it fits, it goes on by itself */
        library_sql(stack, "ALTER TABLE view_book_1.book DROP CONSTRAINT book_kind_check");
        ck_assert(eventually(LIBRARY_WAIT_MS, position_of(0) == stack->positions[0]));
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             library_metric("skafu_view_lag_events{" LOG_0) == 0 &&
                                     library_metric("skafu_view_lag_seconds{" LOG_0) == 0));
        ck_assert_int_gt(library_metric("skafu_view_lag_events{"), 0);
        ck_assert_int_eq(library_metric("skafu_apply_seconds_count"),
                         library_metric("skafu_view_batches_total"));
        ck_assert_int_gt(library_metric("skafu_visible_seconds_count"), 0);
        ck_assert_int_eq(position_of(1), before[1]);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM read.book WHERE kind = 'POEM'"),
                         1);
        library_stop(&worker);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM view_book_1.checkpoint"), 4);
}
END_TEST

START_TEST(readers_and_projectors_can_do_no_more_than_they_must)
{
        _cleanup_(PQfinishp) PGconn *reader = temp_database_connect(stack->database, "skafu_query");
        _cleanup_(PQfinishp) PGconn *projector =
                temp_database_connect(stack->database, "skafu_projector");
        static const char *const refused_reader[] = { "DELETE FROM read.book",
                                                      "SELECT * FROM view_book_1.book",
                                                      "SELECT projection.create_schema('x', 1)" };
        static const char *const refused_projector[] = {
                "CREATE SCHEMA other",
                "SELECT projection.create_schema('public; x', 1)",
                "DELETE FROM event_store.events",
        };
        int64_t deadline_us = clock_monotonic_us() + LIBRARY_WAIT_MS * US_PER_MS;
        Error err = ERROR_INIT;

        worker = library_worker(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, view_crew_health(worker).postgresql));
        ck_assert_int_eq(pg_exec(reader, "SELECT * FROM read.book, read.checkpoint", NULL, NULL,
                                 deadline_us, "read", &err),
                         0);
        for (size_t i = 0; i < ARRAY_SIZE(refused_reader); i++)
                ck_assert_int_ne(pg_exec(reader, refused_reader[i], NULL, NULL, deadline_us, "try",
                                         &err),
                                 0);
        for (size_t i = 0; i < ARRAY_SIZE(refused_projector); i++)
                ck_assert_int_ne(pg_exec(projector, refused_projector[i], NULL, NULL, deadline_us,
                                         "try", &err),
                                 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("view");
        TCase *tcase = tcase_create("view");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, events_become_rows);
        tcase_add_test(tcase, a_disorderly_topic_changes_nothing);
        tcase_add_loop_test(tcase, a_queue_smaller_than_a_batch_is_kept_full, 0, 2);
        tcase_add_test(tcase, a_restart_goes_on_where_it_was);
        tcase_add_test(tcase, a_lost_end_is_filled);
        tcase_add_test(tcase, a_topic_made_anew_is_read_from_its_beginning);
        tcase_add_test(tcase, instances_share_partitions);
        tcase_add_test(tcase, a_former_owner_is_refused);
        tcase_add_test(tcase, a_cut_connection_is_survived);
        tcase_add_test(tcase, rows_of_other_aggregates_are_out_of_reach);
        tcase_add_loop_test(tcase, the_order_of_partitions_does_not_matter, 0, 2);
        tcase_add_test(tcase, an_event_that_does_not_fit_holds_its_partition);
        tcase_add_test(tcase, readers_and_projectors_can_do_no_more_than_they_must);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
