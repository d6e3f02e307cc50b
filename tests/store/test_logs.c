/* Logs and publications: made once, raised and never lowered. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "append_call.h"
#include "common/base/clock.h"
#include "tests/support/temp_database.h"

static TempDatabase *database;
static PGconn *conn;

static void setup(void)
{
        Error err = ERROR_INIT;

        ck_assert_msg(temp_database_new(&database, &err) == ERROR_NONE, "%s", err.message);
        conn = temp_database_connect(database, "skafu_command");
        append_make_logs(conn, "metric", 4);
}

static void teardown(void)
{
        PQfinish(conn);
        temp_database_free(database);
}

static void expect_state(const char *sql, const char *state)
{
        Error err = ERROR_INIT;
        ErrorCode code = pg_exec(conn, sql, NULL, NULL, clock_monotonic_us() + 60 * US_PER_SEC,
                                 "test", &err);

        ck_assert_msg(strcmp(err.sqlstate, state) == 0, "%s: %s", sql, err.message);
        ck_assert_int_eq(code != ERROR_NONE, *state != '\0');
}

START_TEST(logs_are_made_once)
{
        static const char count[] =
                "SELECT count(*) FROM event_store.logs JOIN event_store.publications "
                "USING (aggregate_type, partition)";

        ck_assert_int_eq(query_int(conn, count), 4);
        append_make_logs(conn, "metric", 4);
        append_make_logs(conn, "metric", 2);
        ck_assert_int_eq(query_int(conn, count), 4);
        append_make_logs(conn, "metric", 6);
        append_make_logs(conn, "a_1", 1);
        ck_assert_int_eq(query_int(conn, count), 7);
}
END_TEST

START_TEST(logs_have_sensible_names_and_numbers)
{
        static const char invalid[] = "22023"; /* invalid_parameter_value */

        expect_state("SELECT event_store.ensure_logs('Metric', 4)", invalid);
        expect_state("SELECT event_store.ensure_logs('', 4)", invalid);
        expect_state("SELECT event_store.ensure_logs(repeat('a', 64), 4)", invalid);
        expect_state("SELECT event_store.ensure_logs(NULL, 4)", invalid);
        expect_state("SELECT event_store.ensure_logs('metric', 0)", invalid);
        expect_state("SELECT event_store.ensure_logs('metric', 4097)", invalid);
        expect_state("SELECT event_store.ensure_logs('metric', NULL)", invalid);
        expect_state("SELECT event_store.ensure_logs(repeat('a', 63), 1)", "");
}
END_TEST

START_TEST(publication_never_moves_backwards)
{
        static const char sum[] = "SELECT sum(published) FROM event_store.publications";

        expect_state(
                "SELECT event_store.note_published('{metric,metric,metric,ghost}', '{1,2,1,0}', "
                "'{5,7,3,1}', '{1000000,2000000,500000,1}')",
                "");
        ck_assert_int_eq(query_int(conn, sum), 12);
        expect_state(
                "SELECT event_store.note_published('{metric,metric}', '{1,2}', '{4,8}', '{1,3000000}')",
                "");
        ck_assert_int_eq(query_int(conn, sum), 13);
}
END_TEST

START_TEST(streams_say_where_and_how_far)
{
        AppendAnswer answers[3];

        append_call(conn,
                    (AppendRow[]){ { .key = "1", .id = "a", .events = 3, .partition = 2 },
                                   { .key = "2", .id = "b", .events = 1, .partition = 0 },
                                   { .key = "3", .id = "none", .problem = "{}" } },
                    3, answers);
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.streams"), 2);
        ck_assert_int_eq(query_int(conn,
                                   "SELECT version * 10 + partition FROM event_store.streams WHERE "
                                   "aggregate_type = 'metric' AND aggregate_id = 'a'"),
                         32);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("logs");
        TCase *tcase = tcase_create("logs");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, logs_are_made_once);
        tcase_add_test(tcase, logs_have_sensible_names_and_numbers);
        tcase_add_test(tcase, publication_never_moves_backwards);
        tcase_add_test(tcase, streams_say_where_and_how_far);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
