/* Versions of a view that are built beside the live one, by keepers as several processes would have them. */

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "library.h"
#include "library_stack.h"
#include "services/projector-svc/view_keeper.h"
#include "services/projector-svc/view_registry.h"
#include "tests/support/eventually.h"

#define DEADLINE (clock_monotonic_us() + LIBRARY_WAIT_MS * US_PER_MS)

static LibraryStack *stack;
static ViewKeeper *keepers[2];
static Schema *changed;
static PGconn *conn; /* as the projector */

static void setup(void)
{
        Error err = ERROR_INIT;

        stack = library_stack_new(LIBRARY_BROKER_REAL);
        ck_assert_int_eq(schema_parse(&changed, "library", library_schema_changed,
                                      strlen(library_schema_changed), &err),
                         ERROR_NONE);
        ck_assert_int_eq(pg_connect(&conn, stack->projector_url, "test", DEADLINE, &err),
                         ERROR_NONE);
}

static void stop(size_t which)
{
        if (keepers[which])
                view_keeper_stop(keepers[which]);
        view_keeper_free(keepers[which]);
        keepers[which] = NULL;
}

static void teardown(void)
{
        stop(0);
        stop(1);
        PQfinish(conn);
        schema_free(changed);
        library_stack_free(stack);
}

static void start(size_t which, const Schema *schema)
{
        Error err = ERROR_INIT;

        ck_assert_int_eq(view_keeper_new(&keepers[which], &stack->config, schema, &err),
                         ERROR_NONE);
        ck_assert_msg(view_keeper_start(keepers[which], &err) == ERROR_NONE, "%s", err.message);
}

static int build_and(const char *source, int64_t rate, bool switches_by_itself)
{
        RebuildOptions options = { .reason = "asked",
                                   .by = "test",
                                   .source = source,
                                   .rate = rate,
                                   .switches_by_itself = switches_by_itself };
        Error err = ERROR_INIT;
        int version = 0;

        ck_assert_msg(view_registry_build(conn, stack->schema, schema_model(stack->schema, "Book"),
                                          &options, &version, DEADLINE, &err) == ERROR_NONE,
                      "%s", err.message);
        return version;
}

static int build(const char *source, int64_t rate)
{
        return build_and(source, rate, true);
}

static int64_t live_version(void)
{
        return library_int(stack,
                           "SELECT coalesce(max(version), 0) FROM projection.views WHERE live");
}

static int64_t position_of(int version)
{
        char sql[128];

        (void)snprintf(sql, sizeof sql,
                       "SELECT coalesce(sum(position), 0) FROM view_book_%d.checkpoint", version);
        return library_int(stack, sql);
}

START_TEST(from_the_topic_and_from_the_store)
{
        library_store_many(stack, 1500, 40, 1);
        library_publish_all(stack);
        start(0, stack->schema);
        library_expect_fresh(stack);
        ck_assert_int_eq(build("topic", 0), 2);
        ck_assert(eventually(LIBRARY_WAIT_MS, live_version() == 2));
        library_expect_fresh(stack);
        ck_assert_int_eq(build("store", 0), 3);
        ck_assert(eventually(LIBRARY_WAIT_MS, live_version() == 3));

        /* and goes on from the topic, where the version before was */
        ck_assert_int_gt(library_int(stack, "SELECT min(kafka_offset) FROM view_book_3.checkpoint"),
                         0);
        library_store_many(stack, 300, 40, 2);
        for (int p = 0; p < LIBRARY_PARTITIONS; p++)
                library_publish(stack, p, 1, stack->positions[p]);
        library_expect_fresh(stack);
}
END_TEST

/* What the topic does not have comes from the event store. */
START_TEST(a_topic_without_its_beginning_is_enough)
{
        library_store_many(stack, 1200, 40, 3);
        for (int p = 0; p < LIBRARY_PARTITIONS; p++)
                library_publish(stack, p, stack->positions[p] - 10, stack->positions[p]);
        library_flush(stack);
        start(0, stack->schema);
        library_expect_fresh(stack);
        ck_assert_int_eq(build("topic", 0), 2);
        ck_assert(eventually(LIBRARY_WAIT_MS, live_version() == 2));
        library_expect_fresh(stack);
}
END_TEST

START_TEST(another_instance_goes_on)
{
        int64_t before;

        library_store_many(stack, 2000, 40, 4);
        library_publish_all(stack);
        start(0, stack->schema);
        start(1, stack->schema);
        library_expect_fresh(stack);
        ck_assert_int_eq(build("store", 50), 2); /* in 40 s, if it went on like that */
        ck_assert(eventually(LIBRARY_WAIT_MS, position_of(2) > 20));
        stop(0);
        before = position_of(2);
        ck_assert_int_lt(before, 2000);
        library_sql(stack, "UPDATE projection.rebuilds SET rate = 0");
        ck_assert(eventually(LIBRARY_WAIT_MS, live_version() == 2));
        library_expect_fresh(stack);
}
END_TEST

/* The same event is parked in both, so both say the same. */
START_TEST(an_event_that_does_not_fit_is_parked_in_both)
{
        library_store_many(stack, 400, 20, 5);
        library_store(stack, 0, "s0", "BookPlaced",
                      "{\"bookId\":\"x0\",\"title\":\"t\",\"kind\":\"POEM\"}");
        library_store_many(stack, 400, 20, 6);
        library_publish_all(stack);
        start(0, stack->schema);
        ck_assert(eventually(LIBRARY_WAIT_MS, library_caught_up(stack)));
        ck_assert_int_eq(build("store", 0), 2);
        ck_assert(eventually(LIBRARY_WAIT_MS, live_version() == 2));
        ck_assert_int_eq(library_int(stack,
                                     "SELECT count(*) FROM projection.parked WHERE version = 2"),
                         library_int(stack,
                                     "SELECT count(*) FROM projection.parked WHERE version = 1"));
}
END_TEST

/* The newer schema feeds both versions, the older one its own, and after the switch nothing. */
START_TEST(an_older_schema_steps_back)
{
        library_store_many(stack, 800, 20, 7);
        library_publish_all(stack);
        start(0, stack->schema);
        library_expect_fresh(stack);
        start(1, changed);
        ck_assert(eventually(LIBRARY_WAIT_MS, live_version() == 2));
        ck_assert(eventually(LIBRARY_WAIT_MS, !view_keeper_health(keepers[0]).views));
        ck_assert_ptr_nonnull(strstr(view_keeper_health(keepers[0]).views_detail, "newer schema"));
        library_store_many(stack, 200, 20, 8);
        library_publish_all(stack);
        library_expect_fresh(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, view_keeper_health(keepers[1]).views));

        /* nor does it come back with a restart */
        stop(0);
        start(0, stack->schema);
        ck_assert(eventually(LIBRARY_WAIT_MS, !view_keeper_health(keepers[0]).views));
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM projection.views"), 2);
        ck_assert_int_eq(library_int(stack,
                                     "SELECT count(*) FROM projection.rebuilds WHERE phase = "
                                     "'switched' AND reason = 'schema'"),
                         1);
}
END_TEST

/* Whoever takes the version for what it was before a switch is refused, whatever it does. */
START_TEST(a_switch_raises_the_epochs)
{
        library_store_many(stack, 400, 20, 9);
        library_publish_all(stack);
        start(0, stack->schema);
        library_expect_fresh(stack);
        library_sql(stack,
                    "CREATE TABLE before AS SELECT partition, epoch FROM view_book_1.checkpoint");
        ck_assert_int_eq(build("store", 0), 2);
        ck_assert(eventually(LIBRARY_WAIT_MS, live_version() == 2));
        ck_assert_int_eq(library_int(stack,
                                     "SELECT count(*) FROM before b JOIN view_book_1.checkpoint c "
                                     "USING (partition) WHERE c.epoch > b.epoch"),
                         LIBRARY_PARTITIONS);
        stop(0);
        ck_assert_int_eq(library_int(stack,
                                     "SELECT count(*) FROM view_book_1.checkpoint o JOIN "
                                     "view_book_2.checkpoint n USING (partition) WHERE n.position "
                                     ">= o.position"),
                         LIBRARY_PARTITIONS);
}
END_TEST

static void *cancel(void *data)
{
        int version;

        (void)!view_registry_cancel(conn, "book", "test", &version, DEADLINE, data);
        return NULL;
}

static int64_t waiting(const char *table)
{
        char sql[128];

        (void)snprintf(
                sql, sizeof sql,
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '%s'::regclass",
                table);
        return library_int(stack, sql);
}

static void expect_dropped(void)
{
        ck_assert_int_eq(
                library_int(stack,
                            "SELECT count(*) FROM pg_namespace WHERE nspname = 'view_book_2'"),
                0);
}

/* Builders lock rows and checkpoints in either order: whoever drops the version stands in nobody's way. */
START_TEST(a_version_is_dropped_beside_its_builder)
{
        static const char *const tables[][2] = {
                { "view_book_2.checkpoint", "view_book_2.book" },
                { "view_book_2.book", "view_book_2.checkpoint" },
        };
        Error err = ERROR_INIT, cancelled = ERROR_INIT;
        pthread_t thread;
        char sql[128];

        ck_assert_int_eq(view_registry_register(conn, stack->schema, DEADLINE, &err), ERROR_NONE);
        ck_assert_int_eq(build("store", 0), 2);
        (void)snprintf(sql, sizeof sql, "BEGIN; LOCK TABLE %s IN ROW EXCLUSIVE MODE",
                       tables[_i][0]);
        library_sql(stack, sql);
        ck_assert_int_eq(pthread_create(&thread, NULL, cancel, &cancelled), 0);
        ck_assert(eventually(LIBRARY_WAIT_MS, waiting(tables[_i][0]) == 1));
        (void)snprintf(sql, sizeof sql, "LOCK TABLE %s IN ROW EXCLUSIVE MODE; COMMIT",
                       tables[_i][1]);
        library_sql(stack, sql);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        ck_assert_msg(cancelled.code == ERROR_NONE, "%s", cancelled.message);
        expect_dropped();
}
END_TEST

/* A comparison takes as long as it takes, but not when its version goes. */
START_TEST(a_version_is_dropped_beside_its_comparison)
{
        PGconn *reader = NULL;
        Error err = ERROR_INIT;
        int version = 0;

        ck_assert_int_eq(view_registry_register(conn, stack->schema, DEADLINE, &err), ERROR_NONE);
        ck_assert_int_eq(build("store", 0), 2);
        ck_assert_int_eq(pg_connect(&reader, stack->projector_url, "test", DEADLINE, &err),
                         ERROR_NONE);
        ck_assert_int_eq(
                pg_exec(reader,
                        "BEGIN; LOCK TABLE view_book_2.checkpoint, view_book_2.book IN ACCESS SHARE MODE",
                        NULL, NULL, DEADLINE, "compare", &err),
                ERROR_NONE);
        ck_assert_msg(view_registry_cancel(conn, "book", "test", &version, DEADLINE, &err) ==
                              ERROR_NONE,
                      "%s", err.message);
        ck_assert_int_eq(version, 2);
        expect_dropped();
        ck_assert_int_ne(pg_exec(reader, "SELECT 1", NULL, NULL, DEADLINE, "go on", &err),
                         ERROR_NONE);
        PQfinish(reader);
}
END_TEST

/* What readers of others hold is theirs: it is said. */
START_TEST(a_version_that_others_use_is_not_dropped)
{
        Error err = ERROR_INIT;
        int version = 0;

        ck_assert_int_eq(view_registry_register(conn, stack->schema, DEADLINE, &err), ERROR_NONE);
        ck_assert_int_eq(build("store", 0), 2);
        library_sql(stack, "BEGIN; LOCK TABLE view_book_2.book IN ACCESS SHARE MODE");
        ck_assert_int_eq(view_registry_cancel(conn, "book", "test", &version,
                                              clock_monotonic_us() + 2 * US_PER_SEC, &err),
                         ERROR_CONFLICT);
        ck_assert_str_eq(err.message, "the tables in schema \"view_book_2\" are in use");
        library_sql(stack, "COMMIT");
        ck_assert_int_eq(view_registry_cancel(conn, "book", "test", &version, DEADLINE, &err),
                         ERROR_NONE);
        expect_dropped();
}
END_TEST

/* What is asked for while the versions are compared is not forgotten when that is over. */
START_TEST(a_switch_that_is_asked_for_early_comes)
{
        library_store_many(stack, 400, 20, 10);
        library_publish_all(stack);
        start(0, stack->schema);
        library_expect_fresh(stack);
        library_sql(stack,
                    "CREATE FUNCTION public.ask() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                    "NEW.switches_by_itself := NEW.phase = 'comparing' OR OLD.switches_by_itself; "
                    "RETURN NEW; END $$; CREATE TRIGGER ask BEFORE UPDATE ON projection.rebuilds "
                    "FOR EACH ROW EXECUTE FUNCTION public.ask()");
        ck_assert_int_eq(build_and("store", 0, false), 2);
        ck_assert(eventually(LIBRARY_WAIT_MS, live_version() == 2));
}
END_TEST

START_TEST(replays_end_with_their_view)
{
        _cleanup_(schema_freep) Schema *others = NULL;
        Error err = ERROR_INIT;

        ck_assert_int_eq(schema_parse(&others, "library", library_schema_stock,
                                      strlen(library_schema_stock), &err),
                         ERROR_NONE);
        ck_assert_int_eq(view_registry_register(conn, stack->schema, DEADLINE, &err), ERROR_NONE);
        library_sql(stack,
                    "INSERT INTO replay.replays (replay_id, name, requested_by, view, "
                    "aggregate_type, rate, state, selected_at) SELECT gen_random_uuid(), s || "
                    "' ' || v, 'test', v, 'shelf', 0, s, now() FROM unnest(ARRAY['waiting', "
                    "'running', 'paused', 'done']) s, unnest(ARRAY['book', 'stock']) v");
        library_sql(stack, "INSERT INTO replay.aggregates (replay_id, aggregate_id, partition, "
                           "position, problem) SELECT replay_id, coalesce(p, 'waits'), 0, 1, p "
                           "FROM replay.replays, unnest(ARRAY[NULL, 'left out']) p");
        ck_assert_msg(view_registry_drop(conn, others, "book", 1, DEADLINE, &err) == ERROR_NONE,
                      "%s", err.message);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM replay.replays WHERE state = "
                                            "'cancelled' AND ended_at IS NOT NULL AND view = "
                                            "'book' AND name <> 'done book'"),
                         3);
        ck_assert_int_eq(
                library_int(stack, "SELECT count(*) FROM replay.replays WHERE state = 'cancelled'"),
                3);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM replay.aggregates"), 13);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("view_versions");
        TCase *tcase = tcase_create("view_versions");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 200);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, from_the_topic_and_from_the_store);
        tcase_add_test(tcase, a_topic_without_its_beginning_is_enough);
        tcase_add_test(tcase, another_instance_goes_on);
        tcase_add_test(tcase, an_event_that_does_not_fit_is_parked_in_both);
        tcase_add_test(tcase, an_older_schema_steps_back);
        tcase_add_test(tcase, a_switch_raises_the_epochs);
        tcase_add_loop_test(tcase, a_version_is_dropped_beside_its_builder, 0, 2);
        tcase_add_test(tcase, a_version_is_dropped_beside_its_comparison);
        tcase_add_test(tcase, a_version_that_others_use_is_not_dropped);
        tcase_add_test(tcase, a_switch_that_is_asked_for_early_comes);
        tcase_add_test(tcase, replays_end_with_their_view);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
