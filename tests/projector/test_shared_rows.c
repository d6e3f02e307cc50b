/* Rows that events of all shelves add to, written by two projectors at once: they are what a count of the events says,
 * and their changes follow each other. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "library.h"
#include "library_stack.h"
#include "services/projector-svc/schema_change.h"
#include "tests/support/eventually.h"

static LibraryStack *stack;
static ViewCrew *worker, *second;

/* What the view should hold: counts, and the books. Without what is left out. */
static const char expected[] =
        "CREATE VIEW public.expected AS WITH e AS (SELECT aggregate_id AS shelf, event_type AS "
        "type, event_sequence AS n, event_data::json AS d FROM event_store.events AS e WHERE "
        "event_type LIKE 'Book%' AND NOT EXISTS (SELECT FROM projection.dropped AS o WHERE "
        "o.event_id = e.event_id) AND NOT EXISTS (SELECT FROM projection.parked AS p WHERE "
        "p.aggregate_id = e.aggregate_id AND p.event_sequence <= e.event_sequence)), "
        "placed AS (SELECT d, (d->>'pages')::int AS pages FROM e WHERE type = 'BookPlaced' AND "
        "d->>'kind' IS NOT NULL), "
        "counted AS (SELECT d->>'kind' AS id, * FROM placed UNION ALL "
        "SELECT 'last-' || coalesce(pages, 0) % 10, * FROM placed), "
        "titled AS (SELECT DISTINCT ON (shelf, d->>'bookId') shelf, d->>'bookId' AS id, n, "
        "d->>'title' AS title FROM e WHERE type <> 'BookRemoved' ORDER BY 1, 2, 3 DESC), "
        "there AS (SELECT DISTINCT ON (shelf, d->>'bookId') shelf, d->>'bookId' AS id, type, d "
        "FROM e WHERE type <> 'BookRetitled' ORDER BY 1, 2, n DESC) "
        "SELECT id, '' COLLATE \"C\" AS aggregate, count(*) AS sequence, min(d->>'label') AS label, "
        "count(*)::int AS placed, 1000 + coalesce(sum(pages), 0) AS pages, "
        "'{ \"shared\" : true }' AS notes FROM counted GROUP BY id "
        "UNION ALL SELECT id, shelf, n, title, NULL, (d->>'pages')::int, (d->'notes')::text "
        "FROM there JOIN titled USING (shelf, id) WHERE type = 'BookPlaced'";

static const char stored[] =
        "CREATE VIEW public.stored AS SELECT id, \"_aggregate\" AS aggregate, \"_sequence\" AS "
        "sequence, label, placed, pages, notes::text FROM read.stock";

/* The feed from its reset on: each change begins with what the one before left. */
static const char broken[] =
        "SELECT count(*) FROM (SELECT change_position, id, old, lag(new) OVER (PARTITION BY id, "
        "aggregate ORDER BY change_position) AS before, lag(change_position) OVER (ORDER BY "
        "change_position) AS previous FROM changes.stock) AS c WHERE id IS NOT NULL AND "
        "(old IS DISTINCT FROM before OR change_position <> previous + 1)";

/* Rows of which the last change says something else than the table. */
static const char beside[] =
        "SELECT count(*) FROM (SELECT DISTINCT ON (id, aggregate) id, aggregate, new FROM "
        "changes.stock WHERE id IS NOT NULL ORDER BY id, aggregate, change_position DESC) AS c "
        "FULL JOIN view_stock_1.\"_images\" AS i USING (id, aggregate) "
        "WHERE new IS DISTINCT FROM image";

static void setup(void)
{
        stack = library_stack_new(LIBRARY_BROKER_REAL);
        library_use_schema(stack, library_schema_stock, "stock");
        stack->config.batch_events_max = 20; /* many transactions */
        stack->config.change_feed = true;
        stack->config.change_retention_s = 3600;
}

static void teardown(void)
{
        library_stop(&worker);
        library_stop(&second);
        library_stack_free(stack);
}

static int64_t count(const char *sql)
{
        return library_int(stack, sql);
}

static void watch(void)
{
        library_sql(stack, expected);
        library_sql(stack, stored);
}

static void expect_counts(void)
{
        ck_assert_msg(eventually(LIBRARY_WAIT_MS, library_caught_up(stack)),
                      "the view has not caught up");
        ck_assert_int_eq(count("SELECT count(*) FROM (SELECT * FROM expected EXCEPT ALL SELECT * "
                               "FROM stored) AS missing"),
                         0);
        ck_assert_int_eq(count("SELECT count(*) FROM (SELECT * FROM stored EXCEPT ALL SELECT * "
                               "FROM expected) AS extra"),
                         0);
}

static void expect_unbroken_changes(void)
{
        ck_assert_int_eq(count(broken), 0);
        ck_assert_int_eq(count(beside), 0);
        ck_assert_int_eq(count("SELECT count(*) FROM changes.stock WHERE old = new"), 0);
}

/* Four partitions, two projectors, and the same eleven rows in each batch. */
START_TEST(projectors_add_to_the_same_rows_at_once)
{
        worker = library_worker(stack);
        watch();
        ck_assert(
                eventually(LIBRARY_WAIT_MS, count("SELECT count(*) FROM view_stock_1.checkpoint") ==
                                                    LIBRARY_PARTITIONS));
        second = library_worker(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, count("SELECT count(*) FROM view_stock_1.checkpoint "
                                                    "WHERE epoch = 2") == LIBRARY_PARTITIONS / 2));
        library_store_many(stack, 2400, 40, 1);
        library_publish_all(stack);
        expect_counts();
        ck_assert_int_eq(count("SELECT count(*) FROM read.stock WHERE \"_aggregate\" = ''"), 11);
        ck_assert_int_gt(count("SELECT placed FROM read.stock WHERE id = 'NOVEL'"), 500);

        /* many changes of one row, from all partitions: it was no single batch that counted */
        ck_assert_int_gt(count("SELECT count(*) FROM changes.stock WHERE id = 'NOVEL'"), 100);
        ck_assert_int_eq(count("SELECT count(DISTINCT partition) FROM changes.stock WHERE "
                               "id = 'NOVEL' AND aggregate = ''"),
                         LIBRARY_PARTITIONS);
        expect_unbroken_changes();
        /* all lock them in one order */
        ck_assert_int_eq(count("SELECT deadlocks FROM pg_stat_database WHERE datname = "
                               "current_database()"),
                         0);
}
END_TEST

/* Whatever is sent twice, and whoever is cut off: every event counts once. */
START_TEST(every_event_counts_once)
{
        worker = library_worker(stack);
        watch();
        second = library_worker(stack);
        for (unsigned i = 0; i < 6; i++) {
                library_store_many(stack, 200, 20, 20 + i);
                for (int p = 0; p < LIBRARY_PARTITIONS; p++)
                        library_publish(stack, p, stack->positions[p] / 2 + 1, stack->positions[p]);
                library_flush(stack);
                library_sql(stack, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                                   "application_name LIKE 'projector-svc%' AND datname = "
                                   "current_database()");
                if (i % 3 == 1)
                        library_stop(&second);
                else if (!second)
                        second = library_worker(stack);
        }
        expect_counts();
        expect_unbroken_changes();
}
END_TEST

static void place(int partition, const char *shelf, const char *book, const char *rest)
{
        char data[256];
        int64_t position;

        (void)snprintf(data, sizeof data, "{\"bookId\":\"%s\",\"title\":\"t\",\"kind\":\"X\",%s}",
                       book, rest);
        position = library_store(stack, partition, shelf, "BookPlaced", data);
        library_publish(stack, partition, position, position);
        library_flush(stack);
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

/* A number that is full: the event that would make it overflow is parked, and counts when there is room. */
START_TEST(what_does_not_fit_is_parked_and_comes_back_once)
{
        worker = library_worker(stack);
        watch();
        place(0, "s0", "b", "\"pages\":2147480000");
        expect_counts();
        place(1, "s1", "b", "\"pages\":4000");
        place(1, "s1", "c", "\"pages\":10");
        place(1, "s2", "b", "\"pages\":5000");
        place(0, "s0", "d", "\"pages\":20");
        expect_counts();
        ck_assert_int_eq(count("SELECT count(*) FROM projection.parked WHERE error LIKE "
                               "'%out of range%'"),
                         2);
        ck_assert_int_eq(count("SELECT placed FROM read.stock WHERE id = 'X'"), 2);

        place(0, "s3", "b", "\"pages\":-10000");
        expect_counts(); /* there is room before anything is asked for */
        want("retry", "s1");
        want("drop", "s2");
        ck_assert(
                eventually(LIBRARY_WAIT_MS, count("SELECT count(*) FROM projection.parked") == 0));
        expect_counts();
        ck_assert_int_eq(count("SELECT placed FROM read.stock WHERE id = 'X'"), 5);
        ck_assert_int_eq(count("SELECT pages FROM read.stock WHERE id = 'X'"), 2147475030);
        expect_unbroken_changes();
}
END_TEST

static void ask(PGconn *conn, const char *sql)
{
        PQclear(PQexec(conn, sql));
        ck_assert_str_eq(PQerrorMessage(conn), "");
}

/* Whoever waits for a row has locked none that comes behind it, whatever its projection named first. */
START_TEST(shared_rows_are_written_in_one_order)
{
        _cleanup_(PQfinishp) PGconn *other = temp_database_connect(stack->database, NULL);

        worker = library_worker(stack);
        watch();
        place(0, "s0", "b", "\"pages\":4");
        expect_counts();
        ask(other, "BEGIN");
        ask(other,
            "SELECT FROM view_stock_1.stock WHERE id = 'X' AND \"_aggregate\" = '' FOR UPDATE");
        place(0, "s0", "c", "\"pages\":4"); /* "last-4", then "X" */
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             count("SELECT count(*) FROM pg_stat_activity WHERE application_name "
                                   "LIKE 'projector-svc%' AND datname = current_database() AND "
                                   "wait_event_type = 'Lock'") == 1));
        ck_assert_int_eq(count("SELECT count(*) FROM (SELECT FROM view_stock_1.stock WHERE id = "
                               "'last-4' FOR UPDATE SKIP LOCKED) AS free"),
                         1);
        ask(other, "COMMIT");
        expect_counts();
}
END_TEST

/* In one batch or in two, in one partition or in several: labels are what the first one said. */
START_TEST(another_label_is_refused)
{
        place(0, "s0", "b", "\"label\":\"x\"");
        place(0, "s1", "b", "\"label\":\"y\"");
        place(0, "s2", "b", "\"label\":\"x\"");
        worker = library_worker(stack);
        watch();
        expect_counts();
        ck_assert_int_eq(count("SELECT count(*) FROM projection.parked WHERE aggregate_id = 's1' "
                               "AND error LIKE '%\"label\" of the shared row %'"),
                         1);
        place(1, "s3", "b", "\"label\":\"x\"");
        place(1, "s4", "b", "\"label\":\"z\"");
        place(1, "s5", "b", "\"pages\":0");
        expect_counts();
        ck_assert_int_eq(count("SELECT count(*) FROM projection.parked WHERE aggregate_id IN "
                               "('s4', 's5') AND error LIKE '%\"label\" of the shared row %'"),
                         2);
        ck_assert_int_eq(count("SELECT placed FROM read.stock WHERE id = 'X' AND label = 'x'"), 3);
        expect_unbroken_changes();
}
END_TEST

static ErrorCode check_schema(const char *fields, Error *err)
{
        _cleanup_(schema_freep) Schema *schema = NULL;
        char text[256];

        (void)snprintf(text, sizeof text,
                       "type Stock @model @auth(rules: [{ allow: private }]) { id: ID! %s }",
                       fields);
        ck_assert_msg(schema_parse(&schema, "changed", text, strlen(text), err) == ERROR_NONE, "%s",
                      err->message);
        return schema_change_check(stack->conn, schema_model(schema, "Stock"),
                                   clock_monotonic_us() + LIBRARY_WAIT_MS * US_PER_MS, err);
}

/* Before a view is built with another schema: what is counted is an Int, and nothing else is. */
START_TEST(a_schema_that_cannot_be_counted_in_is_told)
{
        Error err = ERROR_INIT;

        place(0, "s0", "b", "\"pages\":4");
        ck_assert_int_eq(check_schema("placed: Int! pages: Int", &err),
                         ERROR_INVALID); /* the book */
        ck_assert_int_eq(check_schema("placed: Int pages: Int", &err), ERROR_NONE);
        ck_assert_int_eq(check_schema("pages: Int", &err), ERROR_NONE);
        ck_assert_int_eq(check_schema("placed: Float", &err), ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(err.message, "\"placed\" is no Int, and BookPlaced of shelf"));
        ck_assert_int_eq(check_schema("notes: Int", &err), ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(err.message, "sets it instead of adding to it"));
        ck_assert_int_eq(check_schema("label: String!", &err), ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(err.message, "gives none"));
}
END_TEST

/* A book that is called as a count is: each has its row. */
START_TEST(a_row_of_an_aggregate_is_another_row)
{
        int64_t removed;

        worker = library_worker(stack);
        watch();
        place(0, "X", "X", "\"pages\":1");
        place(1, "s1", "X", "\"pages\":1");
        expect_counts();
        removed = library_store(stack, 0, "X", "BookRemoved", "{\"bookId\":\"X\"}");
        library_publish(stack, 0, removed, removed);
        place(0, "X", "Y", "\"pages\":1");
        expect_counts();
        ck_assert_int_eq(count("SELECT count(*) FROM read.stock WHERE id = 'X'"), 2);
        ck_assert_int_eq(
                count("SELECT placed FROM read.stock WHERE id = 'X' AND \"_aggregate\" = ''"), 3);
        expect_unbroken_changes();
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("shared_rows");
        TCase *tcase = tcase_create("shared_rows");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, projectors_add_to_the_same_rows_at_once);
        tcase_add_test(tcase, every_event_counts_once);
        tcase_add_test(tcase, what_does_not_fit_is_parked_and_comes_back_once);
        tcase_add_test(tcase, shared_rows_are_written_in_one_order);
        tcase_add_test(tcase, another_label_is_refused);
        tcase_add_test(tcase, a_schema_that_cannot_be_counted_in_is_told);
        tcase_add_test(tcase, a_row_of_an_aggregate_is_another_row);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
