/* A change feed that begins anew while versions are switched, and while those who begin it are told to end. */

#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "library_stack.h"
#include "services/projector-svc/change_log.h"
#include "services/projector-svc/change_session.h"
#include "services/projector-svc/view_registry.h"
#include "tests/support/eventually.h"

#define DEADLINE    (clock_monotonic_us() + LIBRARY_WAIT_MS * US_PER_MS)
#define LOCK_FEED   "SELECT pg_advisory_xact_lock(hashtextextended('skafu change feed of book', 0))"
#define IS_COMPLETE "SELECT count(*) FROM projection.change_logs WHERE complete"

static LibraryStack *stack;
static ViewCrew *crew;
static PGconn *first, *second; /* as the projector */

static void exec(PGconn *conn, const char *sql)
{
        Error err = ERROR_INIT;

        ck_assert_msg(pg_exec(conn, sql, NULL, NULL, DEADLINE, "run", &err) == ERROR_NONE, "%s",
                      err.message);
}

/* A view with three rows, and no feed. */
static void setup(void)
{
        Error err = ERROR_INIT;

        stack = library_stack_new(LIBRARY_BROKER_REAL);
        stack->config.change_feed = true;
        first = temp_database_connect(stack->database, "skafu_projector");
        second = temp_database_connect(stack->database, "skafu_projector");
        ck_assert_msg(view_registry_register(first, stack->schema, DEADLINE, &err) == ERROR_NONE,
                      "%s", err.message);
        library_sql(stack, "INSERT INTO view_book_1.book (id, title, _aggregate, _sequence) "
                           "SELECT n, 't', 'a', n FROM generate_series(1, 3) AS n");
}

static void teardown(void)
{
        PQfinish(first);
        PQfinish(second);
        library_stop(&crew);
        library_stack_free(stack);
}

/* As a switch does it: it waits for a moment only. */
static ErrorCode stop_feed(PGconn *conn)
{
        Error err = ERROR_INIT;
        ErrorCode code;

        exec(conn, "BEGIN; SET LOCAL lock_timeout = 100");
        code = change_log_stop(conn, "book", DEADLINE, &err);
        exec(conn, "COMMIT");
        return code;
}

static bool somebody_waits(void)
{
        return library_int(stack, "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                                  "current_database() AND wait_event_type = 'Lock'") > 0;
}

START_TEST(a_switch_does_not_pass_a_reset)
{
        static const char *const resets[] = {
                "SELECT projection.open_changes('book')", /* for the first time */
                "SELECT projection.open_changes('book')",
                "SELECT projection.reset_changes('book')",
        };

        for (size_t i = 0; i < ARRAY_SIZE(resets); i++) {
                exec(first, "BEGIN");
                exec(first, resets[i]);
                ck_assert_int_eq(stop_feed(second), ERROR_CONFLICT);
                exec(first, "COMMIT");
                ck_assert_int_eq(library_int(stack, IS_COMPLETE), 1);
                ck_assert_int_eq(stop_feed(second), ERROR_NONE);
                ck_assert_int_eq(library_int(stack, IS_COMPLETE), 0);
        }
}
END_TEST

/* An empty version beside the live one. */
static void add_version(void)
{
        RebuildOptions options = { .reason = "asked", .by = "test", .source = "store" };
        Error err = ERROR_INIT;
        int version = 0;

        ck_assert_msg(view_registry_build(first, stack->schema, schema_model(stack->schema, "Book"),
                                          &options, &version, DEADLINE, &err) == ERROR_NONE,
                      "%s", err.message);
        ck_assert_int_eq(version, 2);
}

START_TEST(a_reset_behind_a_switch_has_the_new_rows)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        Error err = ERROR_INIT;

        add_version();
        exec(first, "SELECT projection.open_changes('book')");
        ck_assert_int_eq(library_int(stack, "SELECT last FROM projection.change_logs"), 4);

        exec(first, "BEGIN; UPDATE projection.views SET state = 'retired' WHERE version = 1;"
                    "UPDATE projection.views SET state = 'live' WHERE version = 2");
        ck_assert_int_eq(change_log_stop(first, "book", DEADLINE, &err), ERROR_NONE);
        ck_assert(PQsendQuery(second, "SELECT projection.reset_changes('book')"));
        ck_assert(eventually(LIBRARY_WAIT_MS, !PQflush(second) && somebody_waits()));
        exec(first, "COMMIT");
        ck_assert_msg(pg_receive(second, &res, DEADLINE, "reset", &err) == ERROR_NONE, "%s",
                      err.message);
        ck_assert_str_eq(PQgetvalue(res, 0, 0), "1"); /* the reset, and no row */
        ck_assert_int_eq(library_int(stack, IS_COMPLETE), 1);
}
END_TEST

/* Behind each lock of those who begin the feed anew; the hour that this may take would be too long for the test. */
START_TEST(a_worker_that_waits_for_the_feed_can_be_stopped)
{
        static const char *const locks[] = {
                LOCK_FEED,
                "INSERT INTO projection.change_logs (view) VALUES ('book')",
        };

        for (size_t i = 0; i < ARRAY_SIZE(locks); i++) {
                exec(first, "BEGIN");
                exec(first, locks[i]);
                crew = library_worker(stack);
                ck_assert(eventually(LIBRARY_WAIT_MS, somebody_waits()));
                library_stop(&crew);
                ck_assert(eventually(LIBRARY_WAIT_MS, !somebody_waits()));
                exec(first, "ROLLBACK");
        }
        crew = library_worker(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, library_int(stack, IS_COMPLETE) == 1));
}
END_TEST

typedef struct Reset {
        ChangeSession *session;
        atomic_bool stop;
        ErrorCode code;
} Reset;

static void *reset(void *data)
{
        Reset *it = data;

        it->code = change_session_reset(it->session, &it->stop, NULL);
        return NULL;
}

/* And what it could not do is done by the next writer. */
START_TEST(a_publisher_that_waits_for_the_feed_can_be_stopped)
{
        Reset it = { .code = ERROR_NONE };
        pthread_t thread;
        Error err = ERROR_INIT;

        exec(first, "SELECT projection.open_changes('book')");
        ck_assert_int_eq(change_session_open(&it.session, stack->projector_url, "book", &err),
                         ERROR_NONE);
        exec(first, "BEGIN");
        exec(first, LOCK_FEED);
        ck_assert_int_eq(pthread_create(&thread, NULL, reset, &it), 0);
        ck_assert(eventually(LIBRARY_WAIT_MS, somebody_waits()));
        atomic_store(&it.stop, true);
        (void)pthread_join(thread, NULL);
        ck_assert_int_eq(it.code, ERROR_UNAVAILABLE);
        ck_assert_int_eq(library_int(stack, IS_COMPLETE), 0);
        exec(first, "ROLLBACK");

        atomic_store(&it.stop, false);
        ck_assert_int_eq(change_session_reset(it.session, &it.stop, &err), ERROR_NONE);
        ck_assert_int_eq(library_int(stack, "SELECT last FROM projection.change_logs"), 8);
        change_session_close(it.session);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("change_log");
        TCase *tcase = tcase_create("change_log");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_switch_does_not_pass_a_reset);
        tcase_add_test(tcase, a_reset_behind_a_switch_has_the_new_rows);
        tcase_add_test(tcase, a_worker_that_waits_for_the_feed_can_be_stopped);
        tcase_add_test(tcase, a_publisher_that_waits_for_the_feed_can_be_stopped);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
