/* Thousands of random batches, each answered as the model says: the fast path, the careful path, and
 * whatever leads from one to the other. */

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "append_model.h"
#include "common/base/clock.h"
#include "tests/support/temp_database.h"

#define SEEDS     8
#define BATCHES   120
#define BATCH_MAX 9

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

static uint64_t random_state;

/* 0 to @n - 1; the same row of numbers for the same seed (xorshift64). */
static int pick(int n)
{
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        return (int)(random_state % (uint64_t)n);
}

static bool one_in(int n)
{
        return pick(n) == 0;
}

typedef struct Texts {
        char key[BATCH_MAX][16];
        char id[BATCH_MAX][2];
} Texts;

/* Mostly right: what a service that knows the versions would send, and now and then not. */
static size_t make_batch(const AppendModel *model, int *next_key, int calm, AppendRow *rows,
                         Texts *texts)
{
        size_t n = 1 + (size_t)pick(BATCH_MAX);
        int64_t versions[26];

        for (int i = 0; i < 26; i++)
                versions[i] = append_model_version(model, (char[]){ (char)('a' + i), 0 });
        for (size_t i = 0; i < n; i++) {
                int id = one_in(3) ? pick(26) : pick(4), home;
                bool again = *next_key > 0 && one_in(6 * calm);

                (void)snprintf(texts->id[i], sizeof texts->id[i], "%c", 'a' + id);
                (void)snprintf(texts->key[i], sizeof texts->key[i], "%d",
                               again ? pick(*next_key) : (*next_key)++);
                home = append_model_partition(model, texts->id[i]);
                rows[i] = (AppendRow){
                        .key = texts->key[i],
                        .id = texts->id[i],
                        .digest = one_in(4 * calm) ? "other" : "usual",
                        .expected = one_in(8 * calm) ? pick(6) : versions[id],
                        .events = one_in(4) ? pick(4) : 1,
                        .partition = home < 0 || one_in(10 * calm) ? pick(4) : home,
                };
                if (one_in(7)) {
                        rows[i].events = 0;
                        rows[i].problem = "{}";
                }
                versions[id] = rows[i].expected + rows[i].events;
        }
        return n;
}

static void expect_equal(const AppendRow *rows, size_t n, const AppendAnswer *got,
                         const AppendAnswer *expected, int batch)
{
        for (size_t i = 0; i < n; i++) {
                const AppendAnswer *g = &got[i], *e = &expected[i];
                /* A command without events on an aggregate without any has no place. */
                bool placed = e->outcome != CONFLICT && (e->first_position || e->version);

                ck_assert_msg(g->outcome == e->outcome && g->version == e->version &&
                                      g->first_position == e->first_position &&
                                      (!placed || g->partition == e->partition),
                              "batch %d, command %zu of %zu (key %s, %s at %" PRId64
                              ", %d events): got %d, version %" PRId64 ", %d/%" PRId64
                              "; expected %d, version %" PRId64 ", %d/%" PRId64,
                              batch, i + 1, n, rows[i].key, rows[i].id, rows[i].expected,
                              rows[i].events, (int)g->outcome, g->version, g->partition,
                              g->first_position, (int)e->outcome, e->version, e->partition,
                              e->first_position);
        }
}

START_TEST(as_the_model_says)
{
        _cleanup_(append_model_freep) AppendModel *model = append_model_new();
        int next_key = 0;

        random_state = 0x9e3779b97f4a7c15u * (uint64_t)(_i + 1);
        for (int batch = 0; batch < BATCHES; batch++) {
                AppendAnswer got[BATCH_MAX], expected[BATCH_MAX];
                AppendRow rows[BATCH_MAX];
                Texts texts;
                size_t n = make_batch(model, &next_key, 1 + 4 * (_i % 3), rows, &texts);

                append_model_run(model, rows, n, expected);
                append_call(conn, rows, n, got);
                expect_equal(rows, n, got, expected, batch);
        }
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.events"),
                         append_model_events(model));
        ck_assert_int_eq(query_int(conn, "SELECT sum(last_position) FROM event_store.logs"),
                         append_model_events(model));
        ck_assert_int_eq(query_int(conn, "SELECT count(*) FROM event_store.commands"),
                         append_model_commands(model));
        ck_assert_int_eq(query_int(conn,
                                   "SELECT count(*) FROM (SELECT position <> row_number() OVER "
                                   "(PARTITION BY partition ORDER BY position) AS wrong FROM "
                                   "event_store.events) x WHERE wrong"),
                         0);
        ck_assert_int_eq(query_int(conn,
                                   "SELECT count(*) FROM (SELECT event_sequence <> row_number() "
                                   "OVER (PARTITION BY aggregate_id ORDER BY position) AS wrong "
                                   "FROM event_store.events) x WHERE wrong"),
                         0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("append_model");
        TCase *tcase = tcase_create("append_model");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 120);
        tcase_add_loop_test(tcase, as_the_model_says, 0, SEEDS);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
