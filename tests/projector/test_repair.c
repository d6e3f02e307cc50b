/* Replays to a view: whatever is not right with the rows of an aggregate becomes right, and nothing else is touched. */

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "library.h"
#include "library_stack.h"
#include "tests/support/eventually.h"

#define POEM "{\"bookId\":\"poem\",\"title\":\"t\",\"kind\":\"POEM\"}"

static LibraryStack *stack;
static ViewCrew *worker;

static void setup(void)
{
        stack = library_stack_new(LIBRARY_BROKER_REAL);
}

static void teardown(void)
{
        library_stop(&worker);
        library_stack_free(stack);
}

static int64_t count(const char *sql)
{
        return library_int(stack, sql);
}

/* What command-svc writes when it has listed the aggregates of a request. */
static void want_repair(const char *which)
{
        char sql[1024];

        (void)snprintf(
                sql, sizeof sql,
                "DELETE FROM replay.replays;"
                "INSERT INTO replay.replays (replay_id, name, requested_by, view, aggregate_type, rate, "
                "state) VALUES (gen_random_uuid(), '', 'ann', 'book', 'shelf', 0, 'running');"
                "INSERT INTO replay.aggregates SELECT (SELECT replay_id FROM replay.replays), aggregate_id, "
                "partition, min(position) FROM event_store.events WHERE %s "
                "GROUP BY aggregate_id, partition;"
                "UPDATE replay.replays SET selected_at = now(), "
                "aggregates = (SELECT count(*) FROM replay.aggregates)",
                which);
        library_sql(stack, sql);
}

static bool done(void)
{
        return count("SELECT count(*) FROM replay.replays WHERE state = 'done' AND ended_at IS NOT NULL "
                     "AND repaired + left_out = aggregates") == 1;
}

static int64_t changed(void)
{
        return count("SELECT changed_rows FROM replay.replays");
}

static void repair_all(void)
{
        want_repair("true");
        ck_assert(eventually(LIBRARY_WAIT_MS, done()));
}

/* Of where the rows are and who wrote them. */
static int64_t digest(void)
{
        return count(
                "SELECT coalesce(sum(hashtext(concat_ws('/', id, _aggregate, xmin, ctid))), 0) FROM "
                "view_book_1.book");
}

static void fill(void)
{
        library_store_many(stack, 2000, 30, 1);
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
}

START_TEST(right_rows_are_not_touched)
{
        int64_t before, marks, positions;

        fill();
        before = digest();
        marks = count("SELECT count(*) FROM projection.marks");
        positions = count("SELECT sum(position * 7 + partition) FROM read.checkpoint");
        repair_all();
        ck_assert_int_eq(count("SELECT repaired FROM replay.replays"), 30);
        ck_assert_int_eq(changed(), 0);
        ck_assert_int_eq(digest(), before);
        /* nothing was reached anew, and nothing went on */
        ck_assert_int_eq(count("SELECT count(*) FROM projection.marks"), marks);
        ck_assert_int_eq(count("SELECT sum(position * 7 + partition) FROM read.checkpoint"),
                         positions);
}
END_TEST

/* Also behind events that change nothing, for which nothing had to be loaded. */
START_TEST(changes_say_what_was_wrong)
{
        int64_t position;

        stack->config.change_feed = true;
        for (int i = 0; i < 3; i++) {
                static const char *const shelves[] = { "a", "b", "c" };

                (void)library_store(stack, 0, shelves[i], "BookPlaced",
                                    "{\"bookId\":\"b\",\"title\":\"right\"}");
        }
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        position = library_store(stack, 0, "a", "ShelfPainted", "{}");
        library_publish(stack, 0, position, position);
        library_expect_fresh(stack);
        library_sql(
                stack,
                "UPDATE view_book_1.book SET title = 'wrong' WHERE _aggregate = 'a';"
                "INSERT INTO view_book_1.book (id, title, _aggregate, _sequence) VALUES ('x', 'ghost', 'b', 1);"
                "DELETE FROM view_book_1.book WHERE _aggregate = 'c'");
        repair_all();
        library_expect_fresh(stack);
        ck_assert_int_eq(changed(), 3);
        ck_assert_int_eq(
                count("SELECT count(*) FROM changes.book WHERE aggregate = 'a'"
                      " AND old::json->>'title' = 'wrong' AND new::json->>'title' = 'right'"),
                1);
        ck_assert_int_eq(count("SELECT count(*) FROM changes.book WHERE aggregate = 'b'"
                               " AND old::json->>'title' = 'ghost' AND new IS NULL"),
                         1);
        ck_assert_int_eq(count("SELECT count(*) FROM changes.book WHERE aggregate = 'c'"
                               " AND old IS NULL AND new::json->>'title' = 'right'"),
                         2);
}
END_TEST

START_TEST(every_column_counts)
{
        /* NOLINTBEGIN(bugprone-suspicious-missing-comma): long statements are in pieces */
        static const char *const damages[] = {
                "UPDATE view_book_1.book SET title = title || ' '",
                "UPDATE view_book_1.book SET kind = 'ESSAY' WHERE kind IS NULL",
                "UPDATE view_book_1.book SET kind = NULL WHERE kind = 'NOVEL'",
                "UPDATE view_book_1.book SET pages = pages + 1",
                "UPDATE view_book_1.book SET tags = tags || NULL::text",
                "UPDATE view_book_1.book SET tags = NULL WHERE tags IS NOT NULL",
                "UPDATE view_book_1.book SET notes = (notes::text || ' ')::json",
                "UPDATE view_book_1.book SET shelf = ''",
                "UPDATE view_book_1.book SET \"placedAt\" = \"placedAt\" + interval '1 microsecond'",
                "UPDATE view_book_1.book SET _sequence = _sequence - 1",
                "UPDATE view_book_1.book SET _sequence = _sequence + 10, title = title || '!'",
                "UPDATE view_book_1.book SET _aggregate = 'shelf-7' WHERE _aggregate = 'shelf-3'",
                "DELETE FROM view_book_1.book WHERE _aggregate IN ('shelf-1', 'shelf-2')",
                ("INSERT INTO view_book_1.book (id, title, _aggregate, _sequence) VALUES ('new', 't', "
                 "'shelf-5', 1), ('shelf-5', 't', 'shelf-5', 1000000)"),
        };
        /* NOLINTEND(bugprone-suspicious-missing-comma) */
        int64_t rows;

        fill();
        rows = count("SELECT count(*) FROM view_book_1.book");
        for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
                int64_t before = digest();

                library_sql(stack, damages[i]);
                ck_assert_int_ne(digest(), before);
                repair_all();
                ck_assert_msg(changed() > 0, "%s", damages[i]);
                library_expect_fresh(stack);
                ck_assert_int_eq(count("SELECT count(*) FROM view_book_1.book"), rows);
        }
        /* one aggregate is one aggregate */
        library_sql(stack, "UPDATE view_book_1.book SET title = 'wrong'");
        want_repair("aggregate_id = 'shelf-9'");
        ck_assert(eventually(LIBRARY_WAIT_MS, done()));
        ck_assert_int_eq(count("SELECT count(*) FROM view_book_1.book WHERE title <> 'wrong' AND "
                               "_aggregate <> 'shelf-9'"),
                         0);
        ck_assert_int_eq(count("SELECT count(*) FROM view_book_1.book WHERE title = 'wrong' AND "
                               "_aggregate = 'shelf-9'"),
                         0);
}
END_TEST

START_TEST(what_was_dropped_stays_out)
{
        char data[128];

        library_store(stack, 1, "p1", "BookPlaced", "{\"bookId\":\"a\",\"title\":\"t\"}");
        library_store(stack, 1, "p1", "BookPlaced", POEM);
        for (int i = 0; i < 1200; i++) { /* several pages */
                (void)snprintf(data, sizeof data, "{\"bookId\":\"a\",\"title\":\"t%d\"}", i);
                library_store(stack, 1, "p1", "BookRetitled", data);
        }
        library_store_many(stack, 100, 5, 2);
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        library_sql(stack, "UPDATE view_book_1.book SET title = 'wrong'");

        /* parked: its rows are behind, and stay what they are */
        repair_all();
        ck_assert_int_eq(
                count("SELECT count(*) FROM replay.aggregates WHERE aggregate_id = 'p1' AND "
                      "problem LIKE '%parked%'"),
                1);
        ck_assert_int_eq(count("SELECT count(*) FROM view_book_1.book WHERE title = 'wrong'"), 1);
        ck_assert_int_eq(count("SELECT left_out FROM replay.replays"), 1);

        library_sql(stack,
                    "UPDATE projection.parked SET wanted = 'drop', wanted_by = 'ann', wanted_at "
                    "= now()");
        ck_assert(
                eventually(LIBRARY_WAIT_MS, count("SELECT count(*) FROM projection.parked") == 0));
        library_sql(stack, "UPDATE view_book_1.book SET title = 'wrong'");
        repair_all();
        ck_assert_int_eq(count("SELECT left_out FROM replay.replays"), 0);
        ck_assert_int_eq(count("SELECT count(*) FROM view_book_1.book WHERE title = 't1199' AND "
                               "_sequence = 1202"),
                         1);
        library_expect_fresh(stack);
}
END_TEST

/* What is selected is in the rows when the replay is done, also when the view was not there yet. */
START_TEST(it_waits_for_the_view)
{
        int64_t position;

        fill();
        position = library_store(stack, 2, "shelf-2", "BookPlaced",
                                 "{\"bookId\":\"z\",\"title\":\"t\"}");
        want_repair("aggregate_id IN ('shelf-1', 'shelf-2') AND (partition = 1 OR position = "
                    "(SELECT last_position FROM event_store.logs l WHERE l.partition = 2))");
        ck_assert(eventually(LIBRARY_WAIT_MS, count("SELECT repaired FROM replay.replays") == 1));
        ck_assert(!done());
        library_publish(stack, 2, position, position);
        ck_assert(eventually(LIBRARY_WAIT_MS, done()));
        library_expect_fresh(stack);
}
END_TEST

/* A paused replay is nobody's, until it goes on. */
START_TEST(only_what_is_wanted_is_done)
{
        int64_t before;

        fill();
        library_sql(stack, "UPDATE view_book_1.book SET title = 'wrong'");
        before = digest();
        want_repair("aggregate_id = 'shelf-1'");
        ck_assert(eventually(LIBRARY_WAIT_MS, done()));
        ck_assert_int_ne(digest(), before);
        before = digest();
        library_sql(stack, "BEGIN"); /* it was never to be seen running */
        want_repair("true");
        library_sql(stack, "UPDATE replay.replays SET state = 'paused'");
        library_sql(stack, "COMMIT");
        library_sql(stack,
                    "INSERT INTO replay.replays (replay_id, name, requested_by, view, "
                    "aggregate_type, rate, state, selected_at, aggregates) VALUES "
                    "(gen_random_uuid(), 'last', 'ann', 'book', 'shelf', 0, 'running', now(), 1)");
        library_sql(stack, "INSERT INTO replay.aggregates SELECT replay_id, 'shelf-1', 1, 1 FROM "
                           "replay.replays WHERE name = 'last'");
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             count("SELECT count(*) FROM replay.replays WHERE name = "
                                   "'last' AND state = 'done'") == 1));
        ck_assert_int_eq(count("SELECT count(*) FROM replay.replays WHERE state = 'paused' AND "
                               "repaired + left_out < aggregates"),
                         1);
        library_sql(stack, "UPDATE replay.replays SET state = 'running' WHERE name = ''");
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             count("SELECT count(*) FROM replay.replays WHERE state = "
                                   "'done'") == 2));
        library_expect_fresh(stack);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("replays to a view");
        TCase *tcase = tcase_create("repair");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, right_rows_are_not_touched);
        tcase_add_test(tcase, changes_say_what_was_wrong);
        tcase_add_test(tcase, every_column_counts);
        tcase_add_test(tcase, what_was_dropped_stays_out);
        tcase_add_test(tcase, it_waits_for_the_view);
        tcase_add_test(tcase, only_what_is_wanted_is_done);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
