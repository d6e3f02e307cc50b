/*
 * Who may do what to the event store: the services read and call a few functions, and nobody at all
 * changes an event.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "append_call.h"
#include "common/base/clock.h"
#include "tests/support/temp_database.h"

#define DENIED "42501" /* insufficient_privilege */

static TempDatabase *database;
static PGconn *owner;

static void setup(void)
{
        Error err = ERROR_INIT;
        AppendAnswer answer;

        ck_assert_msg(temp_database_new(&database, &err) == ERROR_NONE, "%s", err.message);
        owner = temp_database_connect(database, NULL);
        append_make_logs(owner, "metric", 1);
        append_call(owner, &(AppendRow){ .key = "1", .id = "a", .events = 1 }, 1, &answer);
}

static void teardown(void)
{
        PQfinish(owner);
        temp_database_free(database);
}

static void expect_state(PGconn *conn, const char *sql, const char *state)
{
        Error err = ERROR_INIT;

        ErrorCode code =
                pg_exec(conn, sql, NULL, NULL, clock_monotonic_us() + 60 * US_PER_SEC, "try", &err);

        ck_assert_int_eq(code != ERROR_NONE, *state != '\0');
        ck_assert_msg(strcmp(err.sqlstate, state) == 0, "%s as %s: \"%s\" %s", sql, PQuser(conn),
                      err.sqlstate, err.message);
}

static const char *const changes[] = {
        "UPDATE event_store.events SET event_data = event_data",
        "UPDATE event_store.events SET event_data = '' WHERE false",
        "DELETE FROM event_store.events",
        "DELETE FROM event_store.events WHERE false",
        "TRUNCATE event_store.events",
        "MERGE INTO event_store.events e USING event_store.logs l ON e.position = l.last_position WHEN "
        "MATCHED THEN DELETE",
        "INSERT INTO event_store.events SELECT * FROM event_store.events ON CONFLICT (aggregate_type, "
        "partition, position) DO UPDATE SET event_data = ''",
};

START_TEST(nobody_changes_an_event)
{
        for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
                expect_state(owner, changes[i], DENIED);
        expect_state(owner, "SET session_replication_role = replica", "");
        for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
                expect_state(owner, changes[i], DENIED);
        ck_assert_int_eq(query_int(owner,
                                   "SELECT count(*) FROM event_store.events WHERE event_data = "
                                   "'{}'"),
                         1);
}
END_TEST

static const char *const roles[] = { "skafu_command", "skafu_projector", "skafu_query" };

START_TEST(services_cannot_write_past_append)
{
        /* NOLINTBEGIN(bugprone-suspicious-missing-comma): long statements are in pieces */
        static const char *const writes[] = {
                "INSERT INTO event_store.events SELECT * FROM event_store.events",
                "INSERT INTO event_store.commands (command_id) VALUES (gen_random_uuid())",
                "UPDATE event_store.commands SET status = 200",
                "DELETE FROM event_store.commands",
                "DELETE FROM event_store.failures",
                "DELETE FROM event_store.publication_marks",
                "UPDATE event_store.expiry SET oldest = '-infinity'",
                "DELETE FROM projection.marks",
                "INSERT INTO event_store.logs VALUES ('metric', 9)",
                "UPDATE event_store.logs SET last_position = 0",
                "DELETE FROM event_store.logs",
                "UPDATE event_store.publications SET published = 9",
                "INSERT INTO event_store.snapshots VALUES ('metric', 'a', 1, 1, '{}', now())",
                "UPDATE event_store.snapshots SET state = ''",
                "DELETE FROM event_store.snapshots",
                "TRUNCATE event_store.snapshots",
                "TRUNCATE event_store.logs, event_store.publications, event_store.commands",
                "DROP TABLE event_store.events",
                "DROP SCHEMA event_store CASCADE",
                "ALTER TABLE event_store.events DISABLE TRIGGER ALL",
                "DROP TRIGGER refuse_change ON event_store.events",
                "CREATE TRIGGER mine BEFORE INSERT ON event_store.events EXECUTE FUNCTION "
                "event_store.refuse_change()",
                "CREATE TABLE event_store.mine ()",
                "CREATE OR REPLACE FUNCTION event_store.refuse_change() RETURNS trigger LANGUAGE plpgsql "
                "AS 'BEGIN RETURN NULL; END'",
                "SET session_replication_role = replica",
                "SELECT event_store.append_carefully(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
                "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        };
        /* NOLINTEND(bugprone-suspicious-missing-comma) */

        for (size_t r = 0; r < ARRAY_SIZE(roles); r++) {
                _cleanup_(PQfinishp) PGconn *conn = temp_database_connect(database, roles[r]);

                for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
                        expect_state(conn, changes[i], DENIED);
                for (size_t i = 0; i < ARRAY_SIZE(writes); i++)
                        expect_state(conn, writes[i], DENIED);
        }
}
END_TEST

START_TEST(services_read)
{
        for (size_t r = 0; r < ARRAY_SIZE(roles); r++) {
                _cleanup_(PQfinishp) PGconn *conn = temp_database_connect(database, roles[r]);

                ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.events"), 1);
                ck_assert_int_eq(query_int(conn, "SELECT version FROM event_store.streams"), 1);
                ck_assert_int_eq(query_int(conn, "SELECT last_position FROM event_store.logs"), 1);
                ck_assert_int_eq(query_int(conn, "SELECT published FROM event_store.publications"),
                                 0);
        }
}
END_TEST

START_TEST(only_the_command_service_writes)
{
        /* NOLINTBEGIN(bugprone-suspicious-missing-comma): long statements are in pieces */
        static const char *const calls[] = {
                ("SELECT event_store.append(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
                 "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"),
                "SELECT event_store.ensure_logs('metric', 1)",
                "SELECT event_store.store_snapshots('{metric}', '{a}', '{1}', '{1}', '{state}')",
                "SELECT count(*) FROM event_store.snapshots",
                "SELECT event_store.note_published('{metric}', '{0}', '{1}', '{1}')",
                "SELECT event_store.expire(3600, 1)",
                ("SELECT event_store.note_failures('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', "
                 "'{}', '{}', '{}')"),
                "SELECT count(*) FROM event_store.failures",
                "SELECT count(*) FROM event_store.publication_marks",
                "SELECT count(*) FROM event_store.commands",
        };
        /* NOLINTEND(bugprone-suspicious-missing-comma) */

        for (size_t r = 0; r < ARRAY_SIZE(roles); r++) {
                _cleanup_(PQfinishp) PGconn *conn = temp_database_connect(database, roles[r]);

                for (size_t i = 1; i < ARRAY_SIZE(calls); i++)
                        expect_state(conn, calls[i], r == 0 ? "" : DENIED);
                if (r > 0)
                        expect_state(conn, calls[0], DENIED);
        }
}
END_TEST

/* The functions run as the owner: what a caller puts into its own schemas must not reach them. */
START_TEST(a_callers_search_path_is_not_followed)
{
        _cleanup_(PQfinishp) PGconn *conn = temp_database_connect(database, "skafu_command");
        AppendAnswer answer;

        expect_state(
                conn,
                "CREATE FUNCTION pg_temp.cardinality(anyarray) RETURNS int LANGUAGE sql AS 'SELECT 0'; "
                "CREATE TEMP TABLE events (x int); SET search_path = pg_temp, event_store",
                "");
        append_call(conn, &(AppendRow){ .key = "2", .id = "b", .events = 1 }, 1, &answer);
        ck_assert_int_eq(answer.outcome, STORED);
        ck_assert_int_eq(query_int(owner, "SELECT count(*) FROM event_store.events"), 2);
}
END_TEST

START_TEST(everything_is_documented)
{
        ck_assert_int_eq(
                query_int(owner,
                          "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = "
                          "c.relnamespace WHERE nspname = 'event_store' AND relkind IN ('r', 'v') "
                          "AND obj_description(c.oid, 'pg_class') IS NULL"),
                0);
        ck_assert_int_eq(
                query_int(owner,
                          "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = "
                          "p.pronamespace WHERE nspname = 'event_store' AND obj_description(p.oid, "
                          "'pg_proc') IS NULL"),
                0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("event_store_access");
        TCase *tcase = tcase_create("event_store_access");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, nobody_changes_an_event);
        tcase_add_test(tcase, services_cannot_write_past_append);
        tcase_add_test(tcase, services_read);
        tcase_add_test(tcase, only_the_command_service_writes);
        tcase_add_test(tcase, a_callers_search_path_is_not_followed);
        tcase_add_test(tcase, everything_is_documented);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
