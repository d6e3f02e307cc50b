/*
 * Several writers at once: nothing is lost, nothing is stored twice, positions have no gap, nobody waits
 * for ever.
 */

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "append_call.h"
#include "common/base/clock.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_database.h"

#define WRITERS  4
#define BATCHES  40
#define BATCH    8
#define TEXT_MAX 48

static TempDatabase *database;
static PGconn *conn;

typedef struct Writer {
        pthread_t thread;
        int number;
        int64_t n_stored;
        int64_t n_repeated;
        Error failure; /* helper threads do not assert */
} Writer;

static Writer writers[WRITERS];

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

static void run_writers(void *(*run)(void *arg))
{
        for (int i = 0; i < WRITERS; i++) {
                writers[i] = (Writer){ .number = i };
                ck_assert_int_eq(pthread_create(&writers[i].thread, NULL, run, &writers[i]), 0);
        }
        for (int i = 0; i < WRITERS; i++)
                (void)pthread_join(writers[i].thread, NULL);
        for (int i = 0; i < WRITERS; i++)
                ck_assert_msg(!writers[i].failure.code, "writer %d: %s", i,
                              writers[i].failure.message);
}

static int64_t total_stored(void)
{
        int64_t n = 0;

        for (int i = 0; i < WRITERS; i++)
                n += writers[i].n_stored;
        return n;
}

static void expect_sound_logs(void)
{
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.events"),
                         total_stored());
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.commands"),
                         total_stored());
        ck_assert_int_eq(query_int(conn,
                                   "SELECT count(*) FROM event_store.logs l WHERE last_position "
                                   "<> (SELECT count(*) FROM event_store.events e WHERE "
                                   "e.partition = l.partition) OR last_position <> (SELECT "
                                   "coalesce(max(position), 0) FROM event_store.events e WHERE "
                                   "e.partition = l.partition)"),
                         0);
        ck_assert_int_eq(query_int(conn,
                                   "SELECT count(*) FROM (SELECT FROM event_store.events GROUP "
                                   "BY aggregate_id HAVING count(*) <> max(event_sequence)) x"),
                         0);
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM (SELECT stored_at < lag(stored_at) "
                                         "OVER (PARTITION BY partition ORDER BY position) AS back "
                                         "FROM event_store.events) x WHERE back"),
                         0);
}

static void count_answers(Writer *writer, const AppendAnswer *answers, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                writer->n_stored += answers[i].outcome == STORED;
                writer->n_repeated += answers[i].outcome == REPEATED;
        }
}

/* Everybody writes new aggregates into all partitions, each batch in another order of them. */
static void *write_new(void *arg)
{
        _cleanup_(PQfinishp) PGconn *own = temp_database_connect(database, "skafu_command");
        Writer *writer = arg;

        for (int b = 0; b < BATCHES && !writer->failure.code; b++) {
                char names[BATCH][TEXT_MAX];
                AppendRow rows[BATCH];
                AppendAnswer answers[BATCH] = { 0 };

                for (int i = 0; i < BATCH; i++) {
                        (void)snprintf(names[i], TEXT_MAX, "%d.%d.%d", writer->number, b, i);
                        rows[i] = (AppendRow){ .key = names[i],
                                               .id = names[i],
                                               .events = 1,
                                               .partition = (i * (writer->number + 1) + b) % 4 };
                }
                if (!append_try(own, rows, BATCH, answers, &writer->failure))
                        count_answers(writer, answers, BATCH);
        }
        return NULL;
}

START_TEST(many_aggregates)
{
        run_writers(write_new);
        ck_assert_int_eq(total_stored(), (int64_t)WRITERS * BATCHES * BATCH);
        expect_sound_logs();
}
END_TEST

/* Everybody changes the same few aggregates; who loses decides again on the version it is told. */
static void *write_contended(void *arg)
{
        _cleanup_(PQfinishp) PGconn *own = temp_database_connect(database, "skafu_command");
        Writer *writer = arg;
        int64_t versions[2] = { 0, 0 };

        for (int b = 0; b < BATCHES && !writer->failure.code; b++) {
                char keys[3][TEXT_MAX];
                AppendRow rows[3];
                AppendAnswer answers[3] = { 0 };

                for (int i = 0; i < 3; i++) {
                        int which = (i + writer->number) % 3; /* two shared, one of our own */

                        (void)snprintf(keys[i], TEXT_MAX, "%d.%d.%d", writer->number, b, i);
                        rows[i] = (AppendRow){ .key = keys[i], .id = keys[i], .events = 1 };
                        if (which < 2) {
                                rows[i].id = which ? "shared 1" : "shared 0";
                                rows[i].expected = versions[which];
                                rows[i].partition = which;
                        }
                }
                if (append_try(own, rows, 3, answers, &writer->failure))
                        break;
                for (int i = 0; i < 3; i++) {
                        int which = (i + writer->number) % 3;

                        if (which < 2)
                                versions[which] = answers[i].version;
                        else if (answers[i].outcome != STORED)
                                (void)error_set(&writer->failure, ERROR_INTERNAL,
                                                "a loser poisoned its batch");
                }
                count_answers(writer, answers, 3);
        }
        return NULL;
}

START_TEST(few_aggregates)
{
        run_writers(write_contended);
        /* Someone always wins: no version is contended without being won. */
        ck_assert_int_ge(total_stored(), (int64_t)(WRITERS * BATCHES + 2 * BATCHES));
        expect_sound_logs();
}
END_TEST

/* Everybody sends the same commands, in opposite orders. */
static void *write_same(void *arg)
{
        _cleanup_(PQfinishp) PGconn *own = temp_database_connect(database, "skafu_command");
        Writer *writer = arg;

        for (int b = 0; b < BATCHES && !writer->failure.code; b++) {
                char names[BATCH][TEXT_MAX];
                AppendRow rows[BATCH];
                AppendAnswer answers[BATCH] = { 0 };

                for (int i = 0; i < BATCH; i++) {
                        int n = writer->number % 2 ? i : BATCH - 1 - i;

                        (void)snprintf(names[i], TEXT_MAX, "same %d.%d", b, n);
                        rows[i] = (AppendRow){
                                .key = names[i], .id = names[i], .events = 1, .partition = n % 4
                        };
                }
                if (append_try(own, rows, BATCH, answers, &writer->failure))
                        break;
                count_answers(writer, answers, BATCH);
        }
        return NULL;
}

START_TEST(equal_keys)
{
        int64_t n_repeated = 0;

        run_writers(write_same);
        for (int i = 0; i < WRITERS; i++)
                n_repeated += writers[i].n_repeated;
        ck_assert_int_eq(total_stored(), (int64_t)BATCHES * BATCH);
        ck_assert_int_eq(n_repeated, (int64_t)(WRITERS - 1) * BATCHES * BATCH);
        expect_sound_logs();
}
END_TEST

static void exec(PGconn *on, const char *sql)
{
        Error err = ERROR_INIT;

        ck_assert_msg(pg_exec(on, sql, NULL, NULL, clock_monotonic_us() + 60 * US_PER_SEC, sql,
                              &err) == ERROR_NONE,
                      "%s", err.message);
}

static void *append_one(void *arg)
{
        _cleanup_(PQfinishp) PGconn *own = temp_database_connect(database, "skafu_command");
        Writer *writer = arg;
        AppendAnswer answer = { 0 };

        if (!append_try(own, &(AppendRow){ .key = "k", .id = "a", .events = 1 }, 1, &answer,
                        &writer->failure))
                count_answers(writer, &answer, 1);
        return NULL;
}

/* What a writer finds that was cut off during COMMIT and asks again: the first one's end is waited for. */
static void meet_an_open_transaction(const char *end, int64_t stored, int64_t repeated)
{
        static const char waiting[] = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING "
                                      "(pid) WHERE NOT granted AND datname = current_database()";
        AppendAnswer answer;
        Writer *writer = &writers[0];

        *writer = (Writer){ .number = 0 };
        exec(conn, "BEGIN");
        append_call(conn, &(AppendRow){ .key = "k", .id = "a", .events = 1 }, 1, &answer);
        ck_assert_int_eq(pthread_create(&writer->thread, NULL, append_one, writer), 0);
        ck_assert(eventually(60000, query_int(conn, waiting) > 0));
        exec(conn, end);
        (void)pthread_join(writer->thread, NULL);
        ck_assert_msg(!writer->failure.code, "%s", writer->failure.message);
        ck_assert_int_eq(writer->n_stored, stored);
        ck_assert_int_eq(writer->n_repeated, repeated);
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.events"), 1);
        ck_assert_int_eq(
                query_int(conn, "SELECT last_position FROM event_store.logs WHERE partition = 0"),
                1);
}

START_TEST(an_open_transaction_that_commits)
{
        meet_an_open_transaction("COMMIT", 0, 1);
}
END_TEST

START_TEST(an_open_transaction_that_rolls_back)
{
        meet_an_open_transaction("ROLLBACK", 1, 0);
}
END_TEST

/* Two instances with different numbers of partitions create the same aggregate at the same moment. */
START_TEST(one_aggregate_begun_in_two_partitions)
{
        _cleanup_(PQfinishp) PGconn *other = temp_database_connect(database, "skafu_command");
        AppendAnswer answer;

        exec(conn, "BEGIN");
        append_call(conn, &(AppendRow){ .key = "1", .id = "a", .events = 1, .partition = 1 }, 1,
                    &answer);
        exec(other, "SET lock_timeout = '60s'");
        ck_assert_int_eq(PQsendQuery(conn, "SELECT pg_sleep(0.2); COMMIT"), 1);
        append_call(other, &(AppendRow){ .key = "2", .id = "a", .events = 1, .partition = 2 }, 1,
                    &answer);
        ck_assert_int_eq(answer.outcome, CONFLICT);
        ck_assert_int_eq(answer.version, 1);
        ck_assert_int_eq(pg_receive(conn, NULL, clock_monotonic_us() + 60 * US_PER_SEC, "commit",
                                    NULL),
                         ERROR_NONE);
        ck_assert_int_eq(query_int(conn, "SELECT sum(last_position) FROM event_store.logs"), 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("append_parallel");
        TCase *tcase = tcase_create("append_parallel");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, many_aggregates);
        tcase_add_test(tcase, few_aggregates);
        tcase_add_test(tcase, equal_keys);
        tcase_add_test(tcase, an_open_transaction_that_commits);
        tcase_add_test(tcase, an_open_transaction_that_rolls_back);
        tcase_add_test(tcase, one_aggregate_begun_in_two_partitions);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
