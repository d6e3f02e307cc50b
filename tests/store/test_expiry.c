/* What has had its time goes, chunk by chunk, and nothing else; marks tell when something was reached. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "append_call.h"
#include "common/base/clock.h"
#include "common/store/command_progress.h"
#include "common/store/command_record.h"
#include "common/store/failure_record.h"
#include "tests/support/temp_database.h"

static TempDatabase *database;
static PGconn *owner, *conn;

static void setup(void)
{
        Error err = ERROR_INIT;

        ck_assert_msg(temp_database_new(&database, &err) == ERROR_NONE, "%s", err.message);
        owner = temp_database_connect(database, NULL);
        conn = temp_database_connect(database, "skafu_command");
        append_make_logs(conn, "metric", 2);
}

static void teardown(void)
{
        PQfinish(conn);
        PQfinish(owner);
        temp_database_free(database);
}

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + 60 * US_PER_SEC;
}

static void exec(PGconn *session, const char *sql)
{
        Error err = ERROR_INIT;

        ck_assert_msg(pg_exec(session, sql, NULL, NULL, deadline_us(), "test", &err) == ERROR_NONE,
                      "%s: %s", sql, err.message);
}

/* Until nothing is left to do; how many rows went. */
static int64_t expire(void)
{
        int64_t removed = 0;
        bool more = true;

        while (more) {
                _cleanup_(PQclearp) PGresult *res = NULL;
                Error err = ERROR_INIT;

                ck_assert_msg(pg_exec(conn,
                                      "SELECT relation, removed FROM event_store.expire(3600, 60)",
                                      NULL, &res, deadline_us(), "expire", &err) == ERROR_NONE,
                              "%s", err.message);
                more = !PQgetisnull(res, 0, 0);
                if (more)
                        removed += strtoll(PQgetvalue(res, 0, 1), NULL, 10);
        }
        return removed;
}

/* Commands that were stored so long ago; many, so that they fill several chunks. */
static void add_commands(int n, const char *age)
{
        char sql[512];

        (void)snprintf(
                sql, sizeof sql,
                "INSERT INTO event_store.commands SELECT gen_random_uuid(), '', 'Test', 'metric', "
                "repeat('x', 100), 1, 0, 200, NULL, now() - interval '%s', now() - interval '%s', "
                "1, 2, 'test' FROM generate_series(1, %d)",
                age, age, n);
        exec(owner, sql);
}

static const char count[] = "SELECT count(*) FROM event_store.commands";

START_TEST(a_key_lives_its_time)
{
        AppendRow row = { .key = "1", .id = "a", .events = 1 };
        AppendRow other = { .key = "1", .id = "b", .events = 1, .digest = "another" };
        AppendAnswer answer;

        append_call(conn, &row, 1, &answer);
        ck_assert_int_eq(expire(), 0);
        append_call(conn, &row, 1, &answer);
        ck_assert_int_eq(answer.outcome, REPEATED);
        append_call(conn, &other, 1, &answer);
        ck_assert_int_eq(answer.outcome, REUSED);

        exec(owner,
             "UPDATE event_store.commands SET stored_at = stored_at - interval '61 minutes'; "
             "DELETE FROM event_store.expiry");
        append_call(conn, &row, 1, &answer);
        ck_assert_int_eq(answer.outcome, REPEATED); /* until it is swept */
        ck_assert_int_eq(expire(), 1);
        append_call(conn, &other, 1, &answer);
        ck_assert_int_eq(answer.outcome, STORED);
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.events"), 2);
}
END_TEST

START_TEST(what_is_younger_stays)
{
        add_commands(20000, "2 hours");
        add_commands(20000, "30 minutes");
        ck_assert_int_eq(expire(), 20000);
        ck_assert_int_eq(query_int(owner, count), 20000);
        ck_assert_int_eq(query_int(owner,
                                   "SELECT count(*) FROM event_store.commands WHERE stored_at < "
                                   "now() - interval '1 hour'"),
                         0);
        /* Space that is used again is looked at again. */
        exec(owner, "VACUUM event_store.commands");
        ck_assert_int_eq(expire(), 0);
        ck_assert_int_gt(query_int(owner,
                                   "SELECT count(*) FROM event_store.expiry WHERE relation = "
                                   "'event_store.commands'"),
                         3);
}
END_TEST

/* What nobody but a superuser can do shows it: rows that have become older are not seen before their chunk is due. */
START_TEST(chunks_are_read_when_they_are_due)
{
        add_commands(10, "30 minutes");
        ck_assert_int_eq(expire(), 0);
        exec(owner, "UPDATE event_store.commands SET stored_at = stored_at - interval '1 day'");
        ck_assert_int_eq(expire(), 0);
        exec(owner, "UPDATE event_store.expiry SET oldest = oldest - interval '1 day'");
        ck_assert_int_eq(expire(), 10);
}
END_TEST

START_TEST(a_table_written_anew_is_swept_anew)
{
        add_commands(5000, "30 minutes");
        ck_assert_int_eq(expire(), 0);
        exec(owner, "UPDATE event_store.commands SET stored_at = stored_at - interval '1 day'; "
                    "UPDATE event_store.expiry SET oldest = now()");
        exec(owner, "VACUUM FULL event_store.commands");
        ck_assert_int_eq(expire(), 5000);
}
END_TEST

START_TEST(one_session_at_a_time)
{
        add_commands(10, "2 hours");
        exec(owner, "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('skafu expiry', 0))");
        ck_assert_int_eq(expire(), 0);
        exec(owner, "COMMIT");
        ck_assert_int_eq(expire(), 10);
}
END_TEST

START_TEST(keys_cannot_be_thrown_away)
{
        static const char *const calls[] = {
                "SELECT event_store.expire(3599, 1)",
                "SELECT event_store.expire(0, 1)",
                "SELECT event_store.expire(NULL, 1)",
                "SELECT event_store.expire(3600, 0)",
        };

        for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
                Error err = ERROR_INIT;

                ck_assert_int_ne(pg_exec(conn, calls[i], NULL, NULL, deadline_us(), "try", &err),
                                 ERROR_NONE);
                ck_assert_str_eq(err.sqlstate, "22023");
        }
}
END_TEST

/* An append that meets a key on its way out waits for the short transaction, and is then the first. */
START_TEST(an_append_meets_an_expiring_key)
{
        AppendRow row = { .key = "1", .id = "a", .events = 0, .problem = "{}" };
        AppendAnswer answer;

        append_call(conn, &row, 1, &answer);
        exec(owner, "UPDATE event_store.commands SET stored_at = stored_at - interval '2 hours'; "
                    "DELETE FROM event_store.expiry");
        exec(owner, "BEGIN; SELECT event_store.expire(3600, 60); "
                    "SET LOCAL idle_in_transaction_session_timeout = 1000");
        append_call(conn, &row, 1, &answer); /* the timeout undoes the removal */
        ck_assert_int_eq(answer.outcome, REPEATED);
}
END_TEST

static FailureRecord failure(const char *key, const char *actor, const char *problem)
{
        return (FailureRecord){
                .command_id = uuid_from_name(key, strlen(key)),
                .actor = actor,
                .command_type = "Test",
                .step = STEP_DECIDED,
                .status = 403,
                .problem = problem,
                .received_at_us = clock_now_us(),
                .validated_us = 12,
                .decided_us = FAILURE_NOT_REACHED,
                .failed_us = 40,
        };
}

static ErrorCode find(const char *key, const char *actor, FailureRecord **ret)
{
        Uuid id = uuid_from_name(key, strlen(key));
        Error err = ERROR_INIT;

        return store_find_failure(conn, &id, actor, ret, deadline_us(), &err);
}

START_TEST(failures_are_remembered_for_a_while)
{
        FailureRecord records[] = { failure("1", "alice", "first"), failure("1", "bob", "his"),
                                    failure("1", "alice", "second") };
        const FailureRecord *list[] = { &records[0], &records[1], &records[2] };
        _cleanup_(failure_record_freep) FailureRecord *found = NULL;
        FailureRecord *none = NULL;
        Error err = ERROR_INIT;

        records[2].received_at_us++;
        ck_assert_msg(store_note_failures(conn, list, 3, deadline_us(), &err) == ERROR_NONE, "%s",
                      err.message);
        /* Another instance is late with an earlier try: the last one stays. */
        ck_assert_msg(store_note_failures(conn, list, 1, deadline_us(), &err) == ERROR_NONE, "%s",
                      err.message);
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.failures"), 2);
        ck_assert_int_eq(find("1", "alice", &found), ERROR_NONE);
        ck_assert_str_eq(found->problem, "second");
        ck_assert_str_eq(found->command_type, "Test");
        ck_assert_ptr_null(found->aggregate_id);
        ck_assert_int_eq(found->step, STEP_DECIDED);
        ck_assert_int_eq(found->status, 403);
        ck_assert_int_eq(found->received_at_us, records[2].received_at_us);
        ck_assert_int_eq(found->validated_us, 12);
        ck_assert_int_eq(found->decided_us, FAILURE_NOT_REACHED);
        ck_assert_int_eq(found->failed_us, 40);
        ck_assert_int_eq(find("1", "carol", &none), ERROR_NOT_FOUND);
        ck_assert_int_eq(find("2", NULL, &none), ERROR_NOT_FOUND);

        ck_assert_int_eq(expire(), 0);
        exec(owner, "UPDATE event_store.failures SET noted_at = noted_at - interval '70 seconds'; "
                    "DELETE FROM event_store.expiry");
        ck_assert_int_eq(expire(), 2);
        ck_assert_int_eq(find("1", NULL, &none), ERROR_NOT_FOUND);
}
END_TEST

static CommandProgress *read_progress(int64_t sequence)
{
        static const char *const views[] = { "one", "two" };
        CommandProgress *progress = NULL;
        Error err = ERROR_INIT;

        ck_assert_msg(store_read_progress(conn, "metric", "a", sequence, views, 2, &progress,
                                          deadline_us(), &err) == ERROR_NONE,
                      "%s", err.message);
        return progress;
}

START_TEST(marks_tell_when)
{
        AppendAnswer answer;
        CommandProgress *progress;

        append_call(conn, &(AppendRow){ .key = "1", .id = "a", .events = 5, .partition = 1 }, 1,
                    &answer);
        progress = read_progress(2);
        ck_assert_int_eq(progress->position, 2);
        ck_assert_str_eq(progress->correlation_id, "test");
        ck_assert(!progress->published.yes && !progress->views[0].yes && !progress->views[1].yes);
        command_progress_free(progress);

        exec(conn,
             "SELECT event_store.note_published('{metric,metric,metric}', '{1,1,1}', '{1,3,4}', "
             "'{1000000,3000000,4000000}')");
        /* A stale relay is behind: what it says moves nothing. */
        exec(conn, "SELECT event_store.note_published('{metric}', '{1}', '{2}', '{9000000}')");
        exec(owner,
             "INSERT INTO projection.marks VALUES ('one', 'metric', 1, 2, 'epoch'::timestamptz + "
             "interval '5 seconds'), ('one', 'metric', 1, 5, now()), ('two', 'metric', 1, 1, now()), "
             "('two', 'metric', 0, 9, now())");
        progress = read_progress(2);
        ck_assert(progress->published.yes);
        ck_assert_int_eq(progress->published.at_us, 3 * US_PER_SEC);
        ck_assert(progress->views[0].yes);
        ck_assert_int_eq(progress->views[0].at_us, 5 * US_PER_SEC);
        ck_assert(!progress->views[1].yes);
        command_progress_free(progress);

        exec(owner,
             "INSERT INTO projection.views (view, version, schema_name, fingerprint, state) VALUES "
             "('one', 2, 'view_one_2', '', 'live'); INSERT INTO projection.parked (view, version, "
             "aggregate_type, aggregate_id, partition, position, event_sequence, event_id, event_type, "
             "error, tries) VALUES ('one', 2, 'metric', 'a', 1, 2, 2, gen_random_uuid(), 'Tested', '', 1)");
        progress = read_progress(1);
        ck_assert(progress->views[0].yes && !progress->views[0].parked);
        command_progress_free(progress);
        progress = read_progress(3);
        ck_assert(!progress->views[0].yes && progress->views[0].parked);
        command_progress_free(progress);

        progress = read_progress(5);
        ck_assert(!progress->published.yes);
        command_progress_free(progress);

        ck_assert_int_eq(expire(), 4); /* the marks of 1970 */
        progress = read_progress(2);
        ck_assert(progress->published.yes); /* and nobody knows any more when */
        ck_assert_int_eq(progress->published.at_us, 0);
        command_progress_free(progress);
}
END_TEST

START_TEST(a_record_has_its_times)
{
        Uuid id = uuid_from_name("1", 1);
        _cleanup_(command_record_freep) CommandRecord *record = NULL;
        AppendAnswer answer;
        Error err = ERROR_INIT;

        append_call(conn, &(AppendRow){ .key = "1", .id = "a", .events = 1 }, 1, &answer);
        ck_assert_int_eq(store_find_command(conn, &id, &record, deadline_us(), &err), ERROR_NONE);
        ck_assert_int_eq(record->validated_us, 10);
        ck_assert_int_eq(record->decided_us, 20);
        ck_assert_str_eq(record->actor, "test");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("expiry");
        TCase *tcase = tcase_create("expiry");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, a_key_lives_its_time);
        tcase_add_test(tcase, what_is_younger_stays);
        tcase_add_test(tcase, chunks_are_read_when_they_are_due);
        tcase_add_test(tcase, a_table_written_anew_is_swept_anew);
        tcase_add_test(tcase, one_session_at_a_time);
        tcase_add_test(tcase, keys_cannot_be_thrown_away);
        tcase_add_test(tcase, an_append_meets_an_expiring_key);
        tcase_add_test(tcase, failures_are_remembered_for_a_while);
        tcase_add_test(tcase, marks_tell_when);
        tcase_add_test(tcase, a_record_has_its_times);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
