/* Rows that are new are copied when there are many: whatever they hold, and whatever is in the way. */

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "library_stack.h"

#define SHELVES 300

static LibraryStack *stack;
static ViewCrew *crew;

static void setup(void)
{
        stack = library_stack_new(LIBRARY_BROKER_REAL);
        stack->config.change_feed = true;
}

static void teardown(void)
{
        library_stop(&crew);
        library_stack_free(stack);
}

/* The view is there, and notes which statements insert rows into it. */
static void watch(void)
{
        crew = library_worker(stack);
        library_expect_fresh(stack);
        library_stop(&crew);
        library_sql(
                stack,
                "CREATE TABLE public.inserts (query text);"
                "GRANT ALL ON public.inserts TO PUBLIC;"
                "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                "    INSERT INTO public.inserts VALUES (left(current_query(), 5)); RETURN NULL; "
                "END $$;"
                "CREATE TRIGGER watched AFTER INSERT ON view_book_1.book "
                "FOR EACH STATEMENT EXECUTE FUNCTION public.note()");
}

static bool were_copied(void)
{
        return library_int(stack, "SELECT count(*) FROM public.inserts WHERE query = 'BEGIN'") > 0;
}

/* A shelf with one book, in partition 0. @book is what the event says of it, as JSON without its braces. */
static void place(int shelf, const char *book)
{
        char name[24], data[256];

        (void)snprintf(name, sizeof name, "new-%d", shelf);
        (void)snprintf(data, sizeof data, "{\"bookId\":\"b\",%s}", book);
        (void)library_store(stack, 0, name, "BookPlaced", data);
}

static void place_many(int from, int n)
{
        static const char *const books[] = {
                "\"title\":\"plain\",\"kind\":\"NOVEL\",\"pages\":12",
                "\"title\":\"a\\tb\\nc\\rd\\\\e\",\"pages\":-1",
                "\"title\":\"\\\\N\",\"notes\":{\"a\":\"\\\\.\"}",
                "\"title\":\"\",\"tags\":[\"x\",\"yz\"]",
                "\"title\":\"gr\303\274n \\b\\f\",\"tags\":[]",
        };

        for (int i = from; i < from + n; i++)
                place(i, books[(size_t)i % ARRAY_SIZE(books)]);
}

/* Each row has one change, and its image is the row's. */
static void expect_changes(void)
{
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM read.book"),
                         library_int(stack,
                                     "SELECT count(*) FROM changes.book WHERE id IS NOT NULL"));
        ck_assert_int_eq(
                library_int(stack,
                            "SELECT count(*) FROM view_book_1._images AS i"
                            " JOIN changes.book AS c ON c.id = i.id AND c.aggregate = i.aggregate"
                            " WHERE c.old IS NULL AND c.new::text = i.image::text"),
                library_int(stack, "SELECT count(*) FROM read.book"));
}

START_TEST(many_are_copied_as_they_are)
{
        watch();
        place_many(0, SHELVES);
        library_publish_all(stack);
        crew = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM read.book"), SHELVES);
        ck_assert(were_copied());
        ck_assert_int_eq(
                library_int(stack,
                            "SELECT count(*) FROM read.book WHERE title = E'a\\tb\\nc\\rd\\\\e'"),
                SHELVES / 5);
        ck_assert_int_eq(library_int(stack,
                                     "SELECT count(*) FROM read.book WHERE title = E'\\\\N'"),
                         SHELVES / 5);
        expect_changes();
}
END_TEST

START_TEST(a_row_that_is_there_is_written_over)
{
        watch();
        place_many(0, SHELVES);
        library_sql(stack,
                    "INSERT INTO view_book_1.book (id, title, _aggregate, _sequence) VALUES"
                    " ('b', 'who put this here?', 'new-0', 1), ('b', 'and this?', 'new-90', 1)");
        library_publish_all(stack);
        crew = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM read.book"), SHELVES);
}
END_TEST

START_TEST(one_that_does_not_fit_holds_up_nobody_else)
{
        watch();
        place_many(0, SHELVES / 2);
        place(9999, "\"title\":\"no kind\",\"kind\":\"POEM\"");
        place_many(SHELVES / 2, SHELVES / 2);
        library_publish_all(stack);
        crew = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM read.book"), SHELVES);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM projection.parked"), 1);
}
END_TEST

/* What happens once, between the rows and the end of their transaction. */
static const char *const accidents[] = {
        /* another owner, behind the rows */
        "CREATE TRIGGER accident AFTER INSERT ON view_book_1.book FOR EACH STATEMENT"
        " EXECUTE FUNCTION public.once('UPDATE view_book_1.checkpoint SET epoch = epoch + 1')",
        /* the session ends: with the rows, with the statement behind them, with the commit */
        "CREATE TRIGGER accident AFTER INSERT ON view_book_1.book FOR EACH STATEMENT"
        " EXECUTE FUNCTION public.once('SELECT pg_terminate_backend(pg_backend_pid())')",
        "CREATE TRIGGER accident AFTER UPDATE ON view_book_1.checkpoint FOR EACH STATEMENT"
        " EXECUTE FUNCTION public.once('SELECT pg_terminate_backend(pg_backend_pid())')",
        "CREATE CONSTRAINT TRIGGER accident AFTER INSERT ON view_book_1.book DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION public.once('SELECT pg_terminate_backend(pg_backend_pid())')",
        /* the commit fails */
        "CREATE CONSTRAINT TRIGGER accident AFTER INSERT ON view_book_1.book DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION public.once('SELECT 1 / 0')",
};

START_TEST(an_accident_on_the_way_loses_nothing)
{
        watch();
        library_sql(
                stack,
                "CREATE SEQUENCE public.tries; GRANT ALL ON public.tries TO PUBLIC;"
                "CREATE FUNCTION public.once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
                "    IF nextval('public.tries') = 1 THEN EXECUTE TG_ARGV[0]; END IF; RETURN NULL; "
                "END $$");
        library_sql(stack, accidents[_i]);
        place_many(0, SHELVES);
        library_publish_all(stack);
        crew = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM read.book"), SHELVES);
        ck_assert_int_gt(library_int(stack, "SELECT last_value FROM public.tries"), 1);
        expect_changes();
}
END_TEST

/* Rows of many sequences: some are there, some are made and changed, some come and go. */
START_TEST(among_others)
{
        stack->config.change_feed =
                false; /* there are lists in it that only PostgreSQL makes images of */
        watch();
        place_many(0, SHELVES);
        library_store_many(stack, 2000, 300, 7);
        library_publish_all(stack);
        crew = library_worker(stack);
        library_expect_fresh(stack);
        library_stop(&crew);
        place_many(SHELVES, SHELVES);
        library_store_many(stack, 2000, 400, 8);
        library_publish_all(stack);
        crew = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert(were_copied());
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("new_rows");
        TCase *tcase = tcase_create("new_rows");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 300);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, many_are_copied_as_they_are);
        tcase_add_test(tcase, a_row_that_is_there_is_written_over);
        tcase_add_test(tcase, one_that_does_not_fit_holds_up_nobody_else);
        tcase_add_loop_test(tcase, an_accident_on_the_way_loses_nothing, 0,
                            (int)ARRAY_SIZE(accidents));
        tcase_add_test(tcase, among_others);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
