#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "append_call.h"
#include "common/base/clock.h"
#include "common/pg/pg_params.h"
#include "tests/support/temp_database.h"

static TempDatabase *database;
static PGconn *conn;
static AppendAnswer answers[16];

static void setup(void)
{
        Error err = ERROR_INIT;

        ck_assert_msg(temp_database_new(&database, &err) == ERROR_NONE, "%s", err.message);
        conn = temp_database_connect(database, "skafu_command");
        append_make_logs(conn, "metric", 4);
        append_make_logs(conn, "project", 2);
}

static void teardown(void)
{
        PQfinish(conn);
        temp_database_free(database);
}

static void expect(size_t i, Outcome outcome, int64_t version, int partition, int64_t position)
{
        ck_assert_msg(answers[i].outcome == outcome && answers[i].version == version &&
                              (outcome == CONFLICT || (answers[i].partition == partition &&
                                                       answers[i].first_position == position)),
                      "command %zu: outcome %d version %" PRId64 " partition %d position %" PRId64,
                      i + 1, (int)answers[i].outcome, answers[i].version, answers[i].partition,
                      answers[i].first_position);
        ck_assert_int_eq(answers[i].stored_at_us > 0, outcome != CONFLICT);
}

static void append(const AppendRow *rows, size_t n)
{
        append_call(conn, rows, n, answers);
}

#define APPEND(...)                          \
        append((AppendRow[]){ __VA_ARGS__ }, \
               sizeof((AppendRow[]){ __VA_ARGS__ }) / sizeof(AppendRow))

/* Positions are 1…n in every log, versions 1…n in every stream, and times never go backwards. */
static void expect_sound_logs(int64_t n_events)
{
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.events"), n_events);
        ck_assert_int_eq(
                query_int(
                        conn,
                        "SELECT count(*) FROM (SELECT l.last_position, count(e.*) AS n, "
                        "coalesce(max(e.position), 0) AS last, l.last_timestamp, max(e.stored_at) "
                        "AS stamp FROM event_store.logs l LEFT JOIN event_store.events e USING "
                        "(aggregate_type, partition) GROUP BY l.aggregate_type, l.partition) x "
                        "WHERE n <> last_position OR last <> last_position OR stamp <> "
                        "last_timestamp"),
                0);
        ck_assert_int_eq(query_int(conn,
                                   "SELECT count(*) FROM (SELECT aggregate_type, aggregate_id FROM "
                                   "event_store.events GROUP BY 1, 2 HAVING count(*) <> "
                                   "max(event_sequence) OR min(event_sequence) <> 1 OR "
                                   "min(partition) <> max(partition)) x"),
                         0);
        ck_assert_int_eq(query_int(conn,
                                   "SELECT count(*) FROM (SELECT stored_at < lag(stored_at) OVER "
                                   "(PARTITION BY aggregate_type, partition ORDER BY position) AS "
                                   "back FROM event_store.events) x WHERE back"),
                         0);
        ck_assert_int_eq(
                query_int(conn, "SELECT count(*) FROM event_store.commands c WHERE event_count <> "
                                "(SELECT count(*) FROM event_store.events e WHERE e.aggregate_type "
                                "= c.aggregate_type AND e.aggregate_id = c.aggregate_id AND "
                                "e.event_sequence > c.version - c.event_count AND e.event_sequence "
                                "<= c.version)"),
                0);
        ck_assert_int_eq(query_int(conn, "SELECT coalesce(sum(event_count), 0) FROM "
                                         "event_store.commands"),
                         n_events);
}

START_TEST(new_aggregates_start_their_streams)
{
        APPEND({ .key = "1", .id = "a", .events = 1, .partition = 2 });
        expect(0, STORED, 1, 2, 1);
        APPEND({ .key = "2", .id = "b", .events = 3, .partition = 2 },
               { .key = "3", .id = "c", .events = 2, .partition = 0 },
               { .key = "4", .id = "d", .events = 1, .partition = 2 });
        expect(0, STORED, 3, 2, 2);
        expect(1, STORED, 2, 0, 1);
        expect(2, STORED, 1, 2, 5);
        expect_sound_logs(7);
        ck_assert_int_eq(query_int(conn, "SELECT version FROM event_store.streams WHERE "
                                         "aggregate_type = 'metric' AND aggregate_id = 'b'"),
                         3);
}
END_TEST

START_TEST(an_empty_batch_is_no_work)
{
        append(NULL, 0);
        expect_sound_logs(0);
}
END_TEST

START_TEST(existing_aggregates_go_on)
{
        APPEND({ .key = "1", .id = "a", .events = 2, .partition = 1 });
        APPEND({ .key = "2", .id = "a", .expected = 2, .events = 1, .partition = 1 });
        expect(0, STORED, 3, 1, 3);
        APPEND({ .key = "3", .id = "b", .events = 1, .partition = 1 },
               { .key = "4", .id = "a", .expected = 3, .events = 1, .partition = 1 });
        expect(0, STORED, 1, 1, 4);
        expect(1, STORED, 4, 1, 5);
        expect_sound_logs(5);
}
END_TEST

START_TEST(types_have_logs_of_their_own)
{
        APPEND({ .key = "1", .id = "same", .events = 1, .partition = 1 },
               { .key = "2", .id = "same", .events = 1, .partition = 1, .type = "project" },
               { .key = "3", .id = "x", .events = 1, .partition = 1 });
        expect(0, STORED, 1, 1, 1);
        expect(1, STORED, 1, 1, 1);
        expect(2, STORED, 1, 1, 2);
        APPEND({ .key = "4",
                 .id = "same",
                 .expected = 1,
                 .events = 1,
                 .partition = 1,
                 .type = "project" });
        expect(0, STORED, 2, 1, 2);
        expect_sound_logs(4);
}
END_TEST

START_TEST(a_chain_of_commands_on_one_aggregate)
{
        APPEND({ .key = "1", .id = "a", .expected = 0, .events = 1, .partition = 3 },
               { .key = "2", .id = "b", .expected = 0, .events = 1, .partition = 3 },
               { .key = "3", .id = "a", .expected = 1, .events = 2, .partition = 3 },
               { .key = "4", .id = "a", .expected = 3, .events = 1, .partition = 3 });
        expect(0, STORED, 1, 3, 1);
        expect(1, STORED, 1, 3, 2);
        expect(2, STORED, 3, 3, 3);
        expect(3, STORED, 4, 3, 5);
        APPEND({ .key = "5", .id = "a", .expected = 4, .events = 1, .partition = 3 },
               { .key = "6", .id = "a", .expected = 5, .events = 1, .partition = 3 });
        expect(1, STORED, 6, 3, 7);
        expect_sound_logs(7);
}
END_TEST

START_TEST(a_broken_chain_breaks_what_follows_and_nothing_else)
{
        APPEND({ .key = "0", .id = "a", .events = 2, .partition = 1 });
        APPEND({ .key = "1", .id = "a", .expected = 2, .events = 1, .partition = 1 },
               { .key = "2", .id = "a", .expected = 5, .events = 1, .partition = 1 },
               { .key = "3", .id = "b", .expected = 0, .events = 1, .partition = 1 },
               { .key = "4", .id = "a", .expected = 3, .events = 1, .partition = 1 },
               { .key = "5", .id = "a", .expected = 6, .events = 1, .partition = 1 });
        expect(0, STORED, 3, 1, 3);
        expect(1, CONFLICT, 3, 0, 0);
        expect(2, STORED, 1, 1, 4);
        expect(3, CONFLICT, 3, 0, 0);
        expect(4, CONFLICT, 3, 0, 0);
        expect_sound_logs(4);
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.commands"), 3);
}
END_TEST

START_TEST(a_conflict_is_no_poison_and_leaves_no_trace)
{
        APPEND({ .key = "1", .id = "a", .events = 1, .partition = 0 });
        APPEND({ .key = "2", .id = "n1", .events = 2, .partition = 0 },
               { .key = "3", .id = "a", .expected = 0, .events = 2, .partition = 0 },
               { .key = "4", .id = "a2", .expected = 7, .events = 1, .partition = 0 },
               { .key = "5", .id = "n2", .events = 1, .partition = 1 });
        expect(0, STORED, 2, 0, 2);
        expect(1, CONFLICT, 1, 0, 0);
        expect(2, CONFLICT, 0, 0, 0);
        expect(3, STORED, 1, 1, 1);
        expect_sound_logs(4);
        /* Decided again, the loser keeps its id. */
        APPEND({ .key = "3", .id = "a", .expected = 1, .events = 2, .partition = 0 });
        expect(0, STORED, 3, 0, 4);
        expect_sound_logs(6);
}
END_TEST

START_TEST(the_same_command_again_gives_the_first_answer)
{
        AppendAnswer first;

        APPEND({ .key = "1", .id = "a", .events = 2, .partition = 1 });
        first = answers[0];
        APPEND({ .key = "2", .id = "a", .expected = 2, .events = 1, .partition = 1 });
        APPEND({ .key = "1", .id = "a", .expected = 0, .events = 2, .partition = 3 });
        expect(0, REPEATED, 2, 1, 1);
        ck_assert_int_eq(answers[0].stored_at_us, first.stored_at_us);
        APPEND({ .key = "3", .id = "b", .events = 1, .partition = 1 },
               { .key = "1", .id = "a", .expected = 3, .events = 1, .partition = 1 },
               { .key = "2", .id = "a", .expected = 2, .events = 1, .partition = 1 });
        expect(0, STORED, 1, 1, 4);
        expect(1, REPEATED, 2, 1, 1);
        expect(2, REPEATED, 3, 1, 3);
        expect_sound_logs(4);
}
END_TEST

START_TEST(the_same_id_with_another_digest_is_told_apart)
{
        APPEND({ .key = "1", .id = "a", .events = 1, .partition = 1 });
        APPEND({ .key = "1",
                 .id = "a",
                 .expected = 1,
                 .events = 1,
                 .partition = 1,
                 .digest = "other" },
               { .key = "2", .id = "a", .expected = 1, .events = 1, .partition = 1 });
        ck_assert_int_eq(answers[0].outcome, REUSED);
        expect(1, STORED, 2, 1, 2);
        expect_sound_logs(2);
}
END_TEST

START_TEST(the_same_id_twice_in_a_batch)
{
        APPEND({ .key = "1", .id = "a", .events = 1, .partition = 1 },
               { .key = "1", .id = "a", .events = 1, .partition = 1 },
               { .key = "1", .id = "a", .events = 1, .partition = 1, .digest = "other" });
        expect(0, STORED, 1, 1, 1);
        expect(1, REPEATED, 1, 1, 1);
        ck_assert_int_eq(answers[2].outcome, REUSED);
        APPEND({ .key = "1", .id = "a", .events = 1, .partition = 1, .digest = "other" },
               { .key = "1", .id = "a", .events = 1, .partition = 1 });
        ck_assert_int_eq(answers[0].outcome, REUSED);
        expect(1, REPEATED, 1, 1, 1);
        APPEND({ .key = "2", .id = "a", .expected = 9, .events = 1, .partition = 1 },
               { .key = "2", .id = "a", .expected = 9, .events = 1, .partition = 1 });
        expect(0, CONFLICT, 1, 0, 0);
        expect(1, CONFLICT, 1, 0, 0);
        expect_sound_logs(1);
}
END_TEST

START_TEST(refusals_are_recorded_on_the_version_they_saw)
{
        APPEND({ .key = "1", .id = "a", .events = 1, .partition = 1 },
               { .key = "2", .id = "nobody", .problem = "{\"no\":1}", .partition = 1 });
        expect(0, STORED, 1, 1, 1);
        expect(1, STORED, 0, 1, 0);
        APPEND({ .key = "3", .id = "a", .expected = 1, .problem = "{}", .partition = 1 },
               { .key = "4", .id = "a", .expected = 1, .events = 1, .partition = 1 },
               { .key = "5", .id = "a", .expected = 2, .problem = "{}", .partition = 1 });
        expect(0, STORED, 1, 1, 0);
        expect(1, STORED, 2, 1, 2);
        expect(2, STORED, 2, 1, 0);
        /* Again, long after: the first answer. */
        APPEND({ .key = "3",
                 .id = "a",
                 .expected = 2,
                 .problem = "{\"other\":1}",
                 .partition = 1 });
        expect(0, REPEATED, 1, 1, 0);
        /* Seen too early. */
        APPEND({ .key = "6", .id = "a", .expected = 1, .problem = "{}", .partition = 1 },
               { .key = "7", .id = "a", .expected = 0, .problem = "{}", .partition = 1 },
               { .key = "8", .id = "nobody", .expected = 1, .problem = "{}", .partition = 1 });
        expect(0, CONFLICT, 2, 0, 0);
        expect(1, CONFLICT, 2, 0, 0);
        expect(2, CONFLICT, 0, 0, 0);
        /* Stale inside the batch. */
        APPEND({ .key = "9", .id = "a", .expected = 2, .events = 1, .partition = 1 },
               { .key = "10", .id = "a", .expected = 2, .problem = "{}", .partition = 1 });
        expect(0, STORED, 3, 1, 3);
        expect(1, CONFLICT, 3, 0, 0);
        expect_sound_logs(3);
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.commands WHERE problem "
                                         "IS NOT NULL AND status = 422 AND event_count = 0"),
                         3);
}
END_TEST

START_TEST(accepted_commands_may_have_no_events)
{
        APPEND({ .key = "1", .id = "a", .events = 1, .partition = 1 });
        APPEND({ .key = "2", .id = "a", .expected = 1, .partition = 1 },
               { .key = "3", .id = "a", .expected = 1, .events = 1, .partition = 1 },
               { .key = "4", .id = "a", .expected = 2, .partition = 1 });
        expect(0, STORED, 1, 1, 0);
        expect(1, STORED, 2, 1, 2);
        expect(2, STORED, 2, 1, 0);
        APPEND({ .key = "5", .id = "a", .expected = 1, .partition = 1 });
        expect(0, CONFLICT, 2, 0, 0);
        expect_sound_logs(2);
}
END_TEST

START_TEST(a_proposed_partition_is_for_new_aggregates_only)
{
        APPEND({ .key = "1", .id = "a", .events = 1, .partition = 1 });
        append_make_logs(conn, "metric", 8);
        APPEND({ .key = "2", .id = "a", .expected = 1, .events = 1, .partition = 6 },
               { .key = "3", .id = "b", .expected = 0, .events = 1, .partition = 6 },
               { .key = "4", .id = "a", .expected = 2, .events = 1, .partition = 6 });
        expect(0, STORED, 2, 1, 2);
        expect(1, STORED, 1, 6, 1);
        expect(2, STORED, 3, 1, 3);
        append_make_logs(conn, "metric", 2); /* removes none */
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.logs WHERE "
                                         "aggregate_type = 'metric'"),
                         8);
        expect_sound_logs(4);
}
END_TEST

START_TEST(unequal_proposals_in_a_chain_follow_the_first)
{
        APPEND({ .key = "1", .id = "a", .expected = 0, .events = 1, .partition = 1 },
               { .key = "2", .id = "a", .expected = 1, .events = 1, .partition = 2 });
        expect(0, STORED, 1, 1, 1);
        expect(1, STORED, 2, 1, 2);
        expect_sound_logs(2);
}
END_TEST

START_TEST(text_comes_back_byte_for_byte)
{
        static const char data[] =
                "{ \"b\":1.50,\"a\" : \"\\u00e9 é 🙂 \\\\ '' \\\"\", \"a\":\t1e400}\n ";
        _cleanup_(PQclearp) PGresult *res = NULL;

        APPEND({ .key = "{\"k\" : \"ü\\n\"}", .id = "é'\"\\", .events = 1, .data = data });
        ck_assert_int_eq(
                pg_exec(conn, "SELECT event_data, metadata, aggregate_id FROM event_store.events",
                        NULL, &res, clock_monotonic_us() + 60 * US_PER_SEC, "read", NULL),
                ERROR_NONE);
        ck_assert_str_eq(PQgetvalue(res, 0, 0), data);
        ck_assert_str_eq(PQgetvalue(res, 0, 1), "{\"k\" : \"ü\\n\"}");
        ck_assert_str_eq(PQgetvalue(res, 0, 2), "é'\"\\");
}
END_TEST

static void expect_error(const AppendRow *rows, size_t n, ErrorCode expected)
{
        Error err = ERROR_INIT;

        ck_assert_msg(append_try(conn, rows, n, answers, &err) == expected,
                      "partition %d of \"%s\": %s", rows->partition,
                      rows->type ? rows->type : "metric", err.message);
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.commands"), 0);
}

START_TEST(nonsense_is_an_error_and_stores_nothing)
{
        const AppendRow no_log = { .key = "1", .id = "a", .events = 1, .partition = 9 };
        const AppendRow no_type = { .key = "1", .id = "a", .events = 1, .type = "unknown" };
        const AppendRow refused_with_events = {
                .key = "1", .id = "a", .events = 1, .problem = "{}"
        };
        const AppendRow mixed[] = { { .key = "2", .id = "b", .events = 1 }, no_log };

        expect_error(&no_log, 1, ERROR_INTERNAL);
        expect_error(&no_type, 1, ERROR_INTERNAL);
        expect_error(&refused_with_events, 1, ERROR_INTERNAL);
        expect_error(mixed, 2, ERROR_INTERNAL);
        expect_sound_logs(0);
}
END_TEST

START_TEST(a_clock_that_is_behind_does_not_set_times_back)
{
        _cleanup_(PQfinishp) PGconn *owner = temp_database_connect(database, NULL);
        int64_t ahead_us;

        ck_assert_int_eq(
                pg_exec(owner,
                        "UPDATE event_store.logs SET last_timestamp = now() + interval '1 h' "
                        "WHERE aggregate_type = 'metric' AND partition = 1",
                        NULL, NULL, clock_monotonic_us() + 60 * US_PER_SEC, "advance", NULL),
                ERROR_NONE);
        APPEND({ .key = "1", .id = "a", .events = 1, .partition = 1 });
        ahead_us = answers[0].stored_at_us;
        ck_assert_int_gt(ahead_us, clock_now_us() + 3000 * US_PER_SEC);
        APPEND({ .key = "2", .id = "b", .events = 1, .partition = 0 },
               { .key = "3", .id = "c", .events = 1, .partition = 1 });
        ck_assert_int_eq(answers[1].stored_at_us, ahead_us);
        APPEND({ .key = "4", .id = "c", .expected = 7, .events = 1, .partition = 1 },
               { .key = "5", .id = "d", .events = 1, .partition = 1 });
        ck_assert_int_eq(answers[1].stored_at_us, ahead_us);
        expect_sound_logs(4);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("append");
        TCase *tcase = tcase_create("append");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, new_aggregates_start_their_streams);
        tcase_add_test(tcase, an_empty_batch_is_no_work);
        tcase_add_test(tcase, existing_aggregates_go_on);
        tcase_add_test(tcase, types_have_logs_of_their_own);
        tcase_add_test(tcase, a_chain_of_commands_on_one_aggregate);
        tcase_add_test(tcase, a_broken_chain_breaks_what_follows_and_nothing_else);
        tcase_add_test(tcase, a_conflict_is_no_poison_and_leaves_no_trace);
        tcase_add_test(tcase, the_same_command_again_gives_the_first_answer);
        tcase_add_test(tcase, the_same_id_with_another_digest_is_told_apart);
        tcase_add_test(tcase, the_same_id_twice_in_a_batch);
        tcase_add_test(tcase, refusals_are_recorded_on_the_version_they_saw);
        tcase_add_test(tcase, accepted_commands_may_have_no_events);
        tcase_add_test(tcase, a_proposed_partition_is_for_new_aggregates_only);
        tcase_add_test(tcase, unequal_proposals_in_a_chain_follow_the_first);
        tcase_add_test(tcase, text_comes_back_byte_for_byte);
        tcase_add_test(tcase, nonsense_is_an_error_and_stores_nothing);
        tcase_add_test(tcase, a_clock_that_is_behind_does_not_set_times_back);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
