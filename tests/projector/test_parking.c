/* Events that cannot be applied: their aggregate is parked, all others go on, and it comes back in order. */

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "library.h"
#include "library_stack.h"
#include "tests/support/eventually.h"

#define POEM "{\"bookId\":\"poem\",\"title\":\"t\",\"kind\":\"POEM\"}"

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

static void want(const char *wish, const char *shelf)
{
        char sql[256];

        (void)snprintf(sql, sizeof sql,
                       "UPDATE projection.parked SET wanted = '%s', wanted_by = 'ann', "
                       "wanted_at = now() WHERE aggregate_id = '%s'",
                       wish, shelf);
        library_sql(stack, sql);
}

static int64_t count(const char *sql)
{
        return library_int(stack, sql);
}

static int64_t parked(void)
{
        return count("SELECT count(*) FROM projection.parked");
}

static bool is_parked(const char *shelf)
{
        char sql[128];

        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM projection.parked WHERE aggregate_id = '%s'", shelf);
        return count(sql) == 1;
}

static void allow_poems(void)
{
        library_sql(stack, "ALTER TABLE view_book_1.book DROP CONSTRAINT book_kind_check");
}

/* A value that the table refuses, a type that this program does not know, data that is no JSON, a row without
 * id: four aggregates in three partitions, among many others. */
START_TEST(only_the_aggregate_of_a_poison_event_is_parked)
{
        int64_t parkings = library_metric("skafu_view_parkings_total");

        library_store_many(stack, 500, 20, 1);
        library_store(stack, 0, "p0", "BookPlaced", POEM);
        library_store(stack, 1, "p1", "BookBurnt", "{\"bookId\":\"x1\"}");
        library_store(stack, 1, "p2", "BookPlaced", "{\"bookId\":");
        library_store(stack, 2, "p3", "BookPlaced", "{\"title\":\"t\"}");
        library_store_many(stack, 500, 20, 2);
        library_store(stack, 0, "p0", "BookRetitled", "{\"bookId\":\"poem\",\"title\":\"u\"}");
        library_store(stack, 0, "p0", "ShelfPainted", "{}");
        library_store(stack, 1, "p1", "BookPlaced", "{\"bookId\":\"x1\",\"title\":\"held\"}");
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);

        ck_assert_int_eq(parked(), 4);
        ck_assert(is_parked("p0") && is_parked("p1") && is_parked("p2") && is_parked("p3"));
        ck_assert_int_eq(count("SELECT count(*) FROM projection.parked WHERE view = 'book' AND "
                               "version = 1 AND event_sequence = 1 AND tries = 3 AND error <> '' "
                               "AND wanted IS NULL"),
                         4);
        ck_assert_int_eq(count("SELECT count(*) FROM projection.parked JOIN event_store.events e "
                               "USING (aggregate_type, aggregate_id, partition, position, "
                               "event_sequence, event_id, event_type)"),
                         4);
        ck_assert_int_eq(count("SELECT count(*) FROM read.book WHERE shelf LIKE 'p%'"), 0);
        ck_assert_int_eq(library_metric("skafu_view_parkings_total") - parkings, 4);
        ck_assert(eventually(LIBRARY_WAIT_MS, view_crew_health(worker).parked == 4 &&
                                                      !view_crew_health(worker).held));
        ck_assert_int_eq(library_metric("skafu_view_parked{"), 4);

        /* another instance knows it as well */
        library_stop(&worker);
        ck_assert_int_eq(library_metric("skafu_view_parked{"), 0);
        worker = library_worker(stack);
        int64_t position = library_store(stack, 0, "p0", "BookRemoved", "{\"bookId\":\"poem\"}");
        library_publish(stack, 0, position, position);
        library_expect_fresh(stack);
        ck_assert_int_eq(parked(), 4);
}
END_TEST

START_TEST(a_retry_applies_what_was_held_in_order)
{
        char data[128];

        library_store(stack, 0, "p0", "BookPlaced", "{\"bookId\":\"first\",\"title\":\"t\"}");
        library_store(stack, 0, "p0", "BookPlaced", POEM);
        for (int i = 0; i < 450; i++) { /* several transactions */
                (void)snprintf(data, sizeof data, "{\"bookId\":\"poem\",\"title\":\"t%d\"}", i);
                library_store(stack, 0, "p0", "BookRetitled", data);
        }
        library_store(stack, 0, "p0", "BookRemoved", "{\"bookId\":\"first\"}");
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert(is_parked("p0"));
        ck_assert_int_eq(count("SELECT count(*) FROM read.book WHERE id = 'first'"), 1);

        /* too early: it stays, with one more try */
        want("retry", "p0");
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             count("SELECT count(*) FROM projection.parked WHERE wanted IS NULL "
                                   "AND tries = 4 AND event_sequence = 2") == 1));
        allow_poems();
        library_store_many(stack, 200, 10, 3);
        want("retry", "p0");
        library_publish_all(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, parked() == 0));
        library_expect_fresh(stack);
        ck_assert_int_eq(count("SELECT count(*) FROM read.book WHERE id = 'poem' AND "
                               "title = 't449' AND _sequence = 452"),
                         1);
        ck_assert_int_eq(count("SELECT count(*) FROM read.book WHERE id = 'first'"), 0);

        /* and it is an aggregate like all others */
        int64_t position = library_store(stack, 0, "p0", "BookRemoved", "{\"bookId\":\"poem\"}");
        library_publish(stack, 0, position, position);
        library_expect_fresh(stack);
        ck_assert_int_eq(count("SELECT count(*) FROM read.book WHERE id = 'poem'"), 0);
        ck_assert(eventually(LIBRARY_WAIT_MS, view_crew_health(worker).parked == 0));
}
END_TEST

/* The first failing event goes, with a note; the rest is applied up to the next one that fails. */
START_TEST(a_drop_leaves_out_one_event)
{
        library_store(stack, 1, "p1", "BookPlaced", "{\"bookId\":\"a\",\"title\":\"t\"}");
        library_store(stack, 1, "p1", "BookPlaced", POEM);
        library_store(stack, 1, "p1", "BookRetitled", "{\"bookId\":\"a\",\"title\":\"u\"}");
        library_store(stack, 1, "p1", "BookBurnt", "{}");
        library_store(stack, 1, "p1", "BookRetitled", "{\"bookId\":\"a\",\"title\":\"v\"}");
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        want("drop", "p1");
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             count("SELECT count(*) FROM projection.parked WHERE "
                                   "event_sequence = 4 AND tries = 1 AND wanted IS NULL AND "
                                   "event_type = 'BookBurnt'") == 1));
        library_expect_fresh(stack);
        ck_assert_int_eq(count("SELECT count(*) FROM read.book WHERE id = 'a' AND title = 'u'"), 1);
        want("drop", "p1");
        ck_assert(eventually(LIBRARY_WAIT_MS, parked() == 0));
        library_expect_fresh(stack);
        ck_assert_int_eq(count("SELECT count(*) FROM read.book WHERE id = 'a' AND title = 'v'"), 1);
        ck_assert_int_eq(count("SELECT count(*) FROM projection.dropped JOIN event_store.events e "
                               "USING (aggregate_type, aggregate_id, partition, position, "
                               "event_sequence, event_id, event_type) WHERE dropped_by = 'ann' AND "
                               "error <> '' AND event_sequence IN (2, 4)"),
                         2);

        /* the last event of all */
        int64_t position = library_store(stack, 1, "p1", "BookBurnt", "{}");
        library_publish(stack, 1, position, position);
        ck_assert(eventually(LIBRARY_WAIT_MS, parked() == 1));
        want("drop", "p1");
        ck_assert(eventually(LIBRARY_WAIT_MS, parked() == 0));
        library_expect_fresh(stack);
}
END_TEST

/* More than a page of the store: what is behind it stays held, and comes with the next ones. */
START_TEST(large_events_are_held_and_come_back)
{
        static char pad[4 << 20], data[sizeof pad + 200];

        memset(pad, 'x', sizeof pad - 1);
        library_store(stack, 0, "p0", "BookPlaced", POEM);
        for (int i = 0; i < 5; i++) {
                (void)snprintf(data, sizeof data,
                               "{\"bookId\":\"x%d\",\"title\":\"t\",\"notes\":\"%s\"}", i, pad);
                library_store(stack, 0, "p0", "BookPlaced", data);
        }
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert(is_parked("p0"));
        want("drop", "p0");
        ck_assert(eventually(LIBRARY_WAIT_MS, parked() == 0));
        library_expect_fresh(stack);
        ck_assert_int_eq(count("SELECT count(*) FROM read.book WHERE shelf = 'p0'"), 5);
}
END_TEST

START_TEST(beyond_the_limit_the_partition_waits)
{
        stack->config.parked_aggregates_max = 1;
        library_store(stack, 0, "p0", "BookPlaced", POEM);
        library_store(stack, 0, "p4", "BookPlaced", POEM);
        library_store(stack, 0, "p8", "BookPlaced", "{\"bookId\":\"b\",\"title\":\"t\"}");
        library_store_many(stack, 300, 20, 4);
        library_publish_all(stack);
        worker = library_worker(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, view_crew_health(worker).held &&
                                                      view_crew_health(worker).parked == 1));
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             count("SELECT count(*) FROM read.checkpoint c JOIN event_store.logs l "
                                   "USING (aggregate_type, partition) WHERE c.position = "
                                   "CASE partition WHEN 0 THEN 1 ELSE l.last_position END") == 4));
        ck_assert(is_parked("p0"));

        /* room for one, and it goes on */
        want("drop", "p0");
        library_expect_fresh(stack);
        ck_assert(is_parked("p4") && !is_parked("p0"));
        ck_assert(eventually(LIBRARY_WAIT_MS, !view_crew_health(worker).held));
}
END_TEST

/* No disk, no table, no connection, a deadlock: none of it is an event's fault. */
START_TEST(what_is_not_an_events_fault_parks_nothing)
{
        static const char *const states[] = { "53100", "40P01", "57014", "58030", "XX000" };
        int64_t position;
        char sql[512];

        library_store_many(stack, 200, 20, 5);
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
                (void)snprintf(sql, sizeof sql,
                               "CREATE SEQUENCE public.refused%zu; GRANT ALL ON SEQUENCE "
                               "public.refused%zu TO PUBLIC; CREATE OR REPLACE FUNCTION "
                               "public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                               "PERFORM nextval('public.refused%zu'); RAISE EXCEPTION 'no' USING "
                               "ERRCODE = '%s'; END $$; CREATE TRIGGER refuse BEFORE INSERT ON "
                               "view_book_1.book EXECUTE FUNCTION public.refuse()",
                               i, i, i, states[i]);
                library_sql(stack, sql);
                position = library_store(stack, 0, "p0", "BookPlaced",
                                         "{\"bookId\":\"b\",\"title\":\"t\"}");
                library_publish(stack, 0, position, position);
                (void)snprintf(sql, sizeof sql, "SELECT last_value FROM public.refused%zu", i);
                ck_assert(eventually(LIBRARY_WAIT_MS, count(sql) > 6));
                ck_assert_int_eq(parked(), 0);
                library_sql(stack, "DROP TRIGGER refuse ON view_book_1.book");
                library_expect_fresh(stack);
        }
        library_sql(stack, "ALTER TABLE view_book_1.book RENAME COLUMN title TO away");
        position =
                library_store(stack, 0, "p0", "BookRetitled", "{\"bookId\":\"b\",\"title\":\"u\"}");
        library_publish(stack, 0, position, position);
        ck_assert(eventually(LIBRARY_WAIT_MS, !view_crew_health(worker).postgresql));
        library_sql(stack, "ALTER TABLE view_book_1.book RENAME COLUMN away TO title");
        library_expect_fresh(stack);
        ck_assert_int_eq(parked(), 0);
}
END_TEST

/* Wherever a wish is written, the owner of the partition grants it; connections break all the time. */
START_TEST(two_instances_and_cut_connections)
{
        char shelf[16], data[128];

        worker = library_worker(stack);
        second = library_worker(stack);
        for (int i = 0; i < 16; i++) {
                (void)snprintf(shelf, sizeof shelf, "p%d", i);
                (void)snprintf(data, sizeof data,
                               "{\"bookId\":\"%s\",\"title\":\"t\",\"kind\":\"POEM\"}", shelf);
                library_store(stack, i % 4, shelf, "BookPlaced", data);
        }
        library_store_many(stack, 300, 20, 6);
        for (int round = 0; round < 40; round++)
                for (int i = 0; i < 16; i++) {
                        (void)snprintf(shelf, sizeof shelf, "p%d", i);
                        (void)snprintf(data, sizeof data, "{\"bookId\":\"%s\",\"title\":\"t%d\"}",
                                       shelf, round);
                        library_store(stack, i % 4, shelf, "BookRetitled", data);
                }
        library_publish_all(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, parked() == 16));
        library_expect_fresh(stack);
        allow_poems();
        library_sql(stack, "UPDATE projection.parked SET wanted = 'retry', wanted_by = 'ann', "
                           "wanted_at = now()");
        for (int i = 0; i < 10 && parked(); i++) {
                library_sql(stack, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                                   "application_name LIKE 'projector-svc%' AND datname = "
                                   "current_database()");
                library_store_many(stack, 20, 20, 30 + (unsigned)i);
        }
        library_publish_all(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, parked() == 0));
        library_expect_fresh(stack);
        ck_assert_int_eq(count("SELECT count(*) FROM read.book WHERE kind = 'POEM' AND "
                               "title = 't39'"),
                         16);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("parking");
        TCase *tcase = tcase_create("parking");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, only_the_aggregate_of_a_poison_event_is_parked);
        tcase_add_test(tcase, a_retry_applies_what_was_held_in_order);
        tcase_add_test(tcase, a_drop_leaves_out_one_event);
        tcase_add_test(tcase, large_events_are_held_and_come_back);
        tcase_add_test(tcase, beyond_the_limit_the_partition_waits);
        tcase_add_test(tcase, what_is_not_an_events_fault_parks_nothing);
        tcase_add_test(tcase, two_instances_and_cut_connections);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
