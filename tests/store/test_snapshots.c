/* Snapshots in the store: which are kept, and reading one with the events behind it. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "append_call.h"
#include "common/base/clock.h"
#include "common/store/store.h"
#include "tests/support/temp_database.h"

static TempDatabase *database;
static PGconn *conn, *owner;
static Error err;

static int64_t soon(void)
{
        return clock_monotonic_us() + 60 * US_PER_SEC;
}

static void run(PGconn *on, const char *sql)
{
        ck_assert_msg(pg_exec(on, sql, NULL, NULL, soon(), "run", &err) == ERROR_NONE, "%s: %s",
                      sql, err.message);
}

static void setup(void)
{
        AppendAnswer answers[3];

        err = ERROR_INIT;
        ck_assert_msg(temp_database_new(&database, &err) == ERROR_NONE, "%s", err.message);
        owner = temp_database_connect(database, NULL);
        conn = temp_database_connect(database, "skafu_command");
        append_make_logs(conn, "metric", 3);
        append_call(conn,
                    (AppendRow[]){
                            { .key = "1", .id = "a", .events = 10, .partition = 2 },
                            { .key = "2", .id = "b", .events = 1, .partition = 1 },
                            { .key = "3", .id = "A", .events = 2, .partition = 1 },
                    },
                    3, answers);
}

static void teardown(void)
{
        PQfinish(conn);
        PQfinish(owner);
        temp_database_free(database);
}

#define KEEP(ids, versions, state_versions, states)                                           \
        "SELECT event_store.store_snapshots(array_fill('metric'::text, "                      \
        "ARRAY[cardinality('" ids "'::text[])]), '" ids "', '" versions "', '" state_versions \
        "', '" states "')"

/* The snapshots as "id version state", by id. */
static void check_kept(const char *expected)
{
        _cleanup_(PQclearp) PGresult *res = NULL;

        ck_assert_int_eq(
                pg_exec(owner,
                        "SELECT coalesce(string_agg(concat_ws(' ', aggregate_id, version, "
                        "state), ', ' ORDER BY aggregate_id), '') FROM event_store.snapshots",
                        NULL, &res, soon(), "look", &err),
                ERROR_NONE);
        ck_assert_str_eq(PQgetvalue(res, 0, 0), expected);
}

START_TEST(the_newest_is_kept)
{
        ck_assert_int_eq(query_int(conn, KEEP("{a,b}", "{5,1}", "{1,1}", "{five,one}")), 2);
        check_kept("a 5 five, b 1 one");
        ck_assert_int_eq(query_int(conn, KEEP("{a}", "{4}", "{2}", "{four}")), 0);
        ck_assert_int_eq(query_int(conn, KEEP("{a}", "{5}", "{1}", "{again}")), 1);
        check_kept("a 5 again, b 1 one");
        ck_assert_int_eq(query_int(conn, KEEP("{a,a,a}", "{6,8,7}", "{1,1,1}", "{6,8,7}")), 1);
        check_kept("a 8 8, b 1 one");
}
END_TEST

START_TEST(none_is_ahead_of_its_stream)
{
        ck_assert_int_eq(query_int(conn, KEEP("{a,b,c}", "{11,2,1}", "{1,1,1}", "{x,y,z}")), 0);
        check_kept("");
        ck_assert_int_eq(query_int(conn, KEEP("{a}", "{10}", "{1}", "{ten}")), 1);
        run(owner, "UPDATE event_store.snapshots SET version = 99");
        ck_assert_int_eq(query_int(conn, KEEP("{a}", "{3}", "{1}", "{three}")), 1);
        check_kept("a 3 three");
        ck_assert_int_eq(query_int(conn, KEEP("{}", "{}", "{}", "{}")), 0);
}
END_TEST

static AggregatePage read_a(int64_t after, int state_version, int events_max, int64_t bytes_max,
                            bool expected_usable)
{
        const AggregateRead read = { "metric", "a", after, state_version, events_max, bytes_max };
        AggregatePage page = { .last = false };

        ck_assert_msg(store_read_aggregate(conn, &read, &page, soon(), &err) == ERROR_NONE, "%s",
                      err.message);
        ck_assert_int_eq(stored_snapshot_usable(&page.snapshot, &read), expected_usable);
        return page;
}

static void check_events(const AggregatePage *page, int64_t first, int64_t last, bool is_last)
{
        ck_assert_int_eq((int64_t)page->events->n_events, last - first + 1);
        for (size_t i = 0; i < page->events->n_events; i++) {
                const Event *event = &page->events->events[i];

                ck_assert_int_eq(event->sequence, first + (int64_t)i);
                ck_assert_str_eq(event->aggregate_id, "a");
                ck_assert_str_eq(event->type, "Tested");
                ck_assert_int_eq(event->partition, 2);
                ck_assert_int_gt(event->position, 0);
                ck_assert_int_gt(event->timestamp_us, 0);
        }
        ck_assert_int_eq(page->last, is_last);
}

START_TEST(a_snapshot_and_what_follows)
{
        run(conn, KEEP("{a,A}", "{7,2}", "{3,3}", "{\"{\\\"é\\\": 1}\",other}"));
        {
                _cleanup_(aggregate_page_deinit) AggregatePage page = read_a(0, 3, 100, 1000, true);

                ck_assert_int_eq(page.snapshot.version, 7);
                ck_assert_int_eq(page.snapshot.partition, 2);
                ck_assert_uint_eq(page.snapshot.state.size, strlen("{\"é\": 1}"));
                ck_assert_mem_eq(page.snapshot.state.text, "{\"é\": 1}", page.snapshot.state.size);
                check_events(&page, 8, 10, true);
        }
        {
                _cleanup_(aggregate_page_deinit) AggregatePage page = read_a(6, 3, 2, 1000, true);

                check_events(&page, 8, 9, false);
        }
        { /* it says nothing new */
                _cleanup_(aggregate_page_deinit) AggregatePage page = read_a(7, 3, 9, 1000, false);

                ck_assert_int_eq(page.snapshot.version, 0);
                check_events(&page, 8, 10, true);
        }
        { /* nobody asks for it */
                _cleanup_(aggregate_page_deinit) AggregatePage page = read_a(0, 0, 99, 1000, false);

                ck_assert_int_eq(page.snapshot.version, 0);
                check_events(&page, 1, 10, true);
        }
}
END_TEST

START_TEST(a_snapshot_of_no_use_leaves_the_events)
{
        run(conn, KEEP("{a}", "{7}", "{3}", "{state}"));
        {
                _cleanup_(aggregate_page_deinit) AggregatePage page = read_a(0, 2, 99, 1000, false);

                ck_assert_int_eq(page.snapshot.version, 7);
                ck_assert_int_eq(page.snapshot.state_version, 3);
                check_events(&page, 1, 10, true);
        }
        run(owner, "UPDATE event_store.snapshots SET version = 11");
        {
                _cleanup_(aggregate_page_deinit) AggregatePage page = read_a(4, 3, 99, 1000, false);

                ck_assert_int_eq(page.snapshot.partition, -1);
                check_events(&page, 5, 10, true);
        }
}
END_TEST

/* Each event is "{}" and its metadata. */
START_TEST(pages_end_at_a_limit_of_bytes)
{
        _cleanup_(aggregate_page_deinit) AggregatePage all = read_a(0, 1, 100, 1 << 20, false);
        int64_t one =
                (int64_t)(all.events->events[0].data.size + all.events->events[0].metadata.size);
        _cleanup_(aggregate_page_deinit) AggregatePage three =
                read_a(0, 1, 100, 2 * one + 1, false);
        _cleanup_(aggregate_page_deinit) AggregatePage least = read_a(0, 1, 100, 1, false);
        _cleanup_(aggregate_page_deinit) AggregatePage exact = read_a(5, 1, 100, 5 * one, false);
        _cleanup_(aggregate_page_deinit) AggregatePage none = read_a(10, 1, 100, one, false);

        check_events(&three, 1, 3, false);
        check_events(&least, 1, 1, false);
        check_events(&exact, 6, 10, false);
        check_events(&none, 11, 10, true);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("snapshots");
        TCase *tcase = tcase_create("snapshots");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, the_newest_is_kept);
        tcase_add_test(tcase, none_is_ahead_of_its_stream);
        tcase_add_test(tcase, a_snapshot_and_what_follows);
        tcase_add_test(tcase, a_snapshot_of_no_use_leaves_the_events);
        tcase_add_test(tcase, pages_end_at_a_limit_of_bytes);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
