/* Messages that are not the event at their position: set aside with their bytes, and nothing is lost. */

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library.h"
#include "library_stack.h"
#include "services/projector-svc/undecodable.h"
#include "tests/support/eventually.h"

#define N_KEPT 16 /* four in each partition */

static LibraryStack *stack;
static ViewCrew *worker;

static void setup(void)
{
        stack = library_stack_new(LIBRARY_BROKER_REAL);
}

static void teardown(void)
{
        library_stop(&worker);
        library_stack_free(stack);
}

static int64_t kept(const char *condition)
{
        char sql[512];

        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM projection.undecodable WHERE %s",
                       condition);
        return library_int(stack, sql);
}

START_TEST(garbage_is_kept_with_its_bytes)
{
        library_store_many(stack, 400, 20, 1);
        for (int p = 0; p < LIBRARY_PARTITIONS; p++) {
                library_publish(stack, p, 1, 10);
                library_publish_raw(stack, p, NULL, "no header");
                library_publish_raw(stack, p, "11", "\xff\xfe{");
                library_publish_raw(stack, p, "12", "[]");
                library_publish_raw(stack, p, "x", "");
                library_publish(stack, p, 8, stack->positions[p]);
        }
        library_flush(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_eq(kept("true"), N_KEPT);
        ck_assert_int_eq(kept("value = 'no header' AND headers = '' AND kafka_offset = 10"),
                         LIBRARY_PARTITIONS);
        ck_assert_int_eq(kept("value = '\\xfffe7b'::bytea AND headers = E'skafu-position: 11\\n' "
                              "AND key IS NULL AND bytes = length(headers) + 3 AND error <> ''"),
                         LIBRARY_PARTITIONS);

        /* read again, kept once */
        library_stop(&worker);
        library_sql(stack, "UPDATE view_book_1.checkpoint SET kafka_offset = 0");
        worker = library_worker(stack);
        int64_t position = library_store(stack, 0, "s", "ShelfPainted", "{}");
        library_publish(stack, 0, position, position);
        library_expect_fresh(stack);
        ck_assert_int_eq(kept("true"), N_KEPT);
}
END_TEST

START_TEST(only_the_newest_are_kept)
{
        stack->config.undecodable_rows_max = 20;
        library_store_many(stack, 40, 20, 2);
        for (int i = 0; i < 700; i++)
                library_publish_raw(stack, 0, NULL, i < 690 ? "old" : "newest");
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_eq(kept("true"), 20);
        ck_assert_int_eq(kept("value = 'newest'"), 10);
        library_stop(&worker);

        stack->config.undecodable_bytes_max = 65536;
        char *large = malloc(30001);
        memset(large, 'x', 30000);
        large[30000] = '\0';
        for (int i = 0; i < 5; i++)
                library_publish_raw(stack, 0, NULL, large);
        free(large);
        int64_t position = library_store(stack, 0, "s", "ShelfPainted", "{}");
        library_publish(stack, 0, position, position);
        library_flush(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_eq(kept("true"), 2);
        ck_assert_int_eq(kept("length(value) = 30000"), 2);
}
END_TEST

/* Far beyond the log, a little beyond it, and at the next position with something that cannot be applied. */
START_TEST(positions_that_lie_are_found_out)
{
        library_store_many(stack, 400, 20, 3);
        for (int p = 0; p < LIBRARY_PARTITIONS; p++) {
                int64_t last = stack->positions[p];

                library_publish(stack, p, 1, 5);
                library_publish_as(stack, p, 3, INT64_MAX);
                library_publish_as(stack, p, 4, 1000000);
                library_publish(stack, p, 6, last - 2);
                library_publish_as(stack, p, 2, last + 2);
                library_publish(stack, p, last - 1, last);
                library_publish_as(stack, p, 2, last + 5);
        }
        library_flush(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, kept("true") == N_KEPT));
        for (int p = 0; p < LIBRARY_PARTITIONS; p++) {
                static const char *const shelves[] = { "s0", "s1", "s2", "s3" };
                int64_t position = library_store(stack, p, shelves[p], "ShelfPainted", "{}");

                library_publish(stack, p, position, position);
        }
        library_expect_fresh(stack);
        ck_assert(eventually(LIBRARY_WAIT_MS, !view_crew_health(worker).held));
}
END_TEST

/* An event that nobody stored, and that fails: it parks nothing. */
START_TEST(a_poison_event_that_is_not_stored_parks_nothing)
{
        static const char forged[] =
                "{\"eventId\":\"01890000-0000-7000-8000-000000000000\",\"eventType\":\"BookPlaced\","
                "\"aggregateId\":\"f\",\"eventSequence\":1,\"eventData\":{\"title\":\"t\"},"
                "\"correlationId\":\"c\",\"timestamp\":\"2026-01-31T12:00:00.123456Z\","
                "\"version\":\"1\",\"metadata\":{\"aggregateType\":\"shelf\"}}";
        int64_t position =
                library_store(stack, 0, "s", "BookPlaced", "{\"bookId\":\"b\",\"title\":\"t\"}");

        library_publish(stack, 0, position, position);
        library_publish_raw(stack, 0, "2", forged);
        library_flush(stack);
        worker = library_worker(stack);
        ck_assert(
                eventually(LIBRARY_WAIT_MS, kept("error LIKE '%no event at its position%'") == 1));
        position =
                library_store(stack, 0, "s", "BookRetitled", "{\"bookId\":\"b\",\"title\":\"u\"}");
        library_publish(stack, 0, position, position);
        library_expect_fresh(stack);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM projection.parked"), 0);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM read.book WHERE title = 'u'"), 1);
}
END_TEST

/* An event of long ago at the position that comes next, before the event that belongs there is stored. */
START_TEST(an_old_event_at_the_next_position_is_found_out)
{
        int64_t position;

        library_store(stack, 0, "s", "BookPlaced", "{\"bookId\":\"b\",\"title\":\"t\"}");
        library_store(stack, 0, "s", "BookRetitled", "{\"bookId\":\"b\",\"title\":\"u\"}");
        library_publish_all(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        library_publish_as(stack, 0, 1, 3);
        library_flush(stack);
        ck_assert(
                eventually(LIBRARY_WAIT_MS, kept("error LIKE '%no event at its position%'") == 1));
        position =
                library_store(stack, 0, "s", "BookRetitled", "{\"bookId\":\"b\",\"title\":\"v\"}");
        library_publish(stack, 0, position, position);
        library_expect_fresh(stack);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM read.book WHERE title = 'v'"), 1);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM projection.parked"), 0);
}
END_TEST

/* What the topic says of a stored event is not what decides whether it is poison. */
START_TEST(a_message_with_spoilt_data_is_read_from_the_store)
{
        static const char spoilt[] =
                "{\"eventId\":\"01890000-0000-7000-8000-000000000000\",\"eventType\":\"BookPlaced\","
                "\"aggregateId\":\"s\",\"eventSequence\":1,\"eventData\":{\"title\":7},"
                "\"correlationId\":\"c\",\"timestamp\":\"2026-01-31T12:00:00.123456Z\","
                "\"version\":\"1\",\"metadata\":{\"aggregateType\":\"shelf\"}}";

        library_store(stack, 0, "s", "BookPlaced", "{\"bookId\":\"b\",\"title\":\"t\"}");
        library_store(stack, 0, "s", "BookRetitled", "{\"bookId\":\"b\",\"title\":\"u\"}");
        library_publish_raw(stack, 0, "1", spoilt);
        library_publish(stack, 0, 2, 2);
        library_flush(stack);
        worker = library_worker(stack);
        library_expect_fresh(stack);
        ck_assert_int_eq(library_int(stack, "SELECT count(*) FROM projection.parked"), 0);
}
END_TEST

typedef struct Reader {
        rd_kafka_t *client;
        rd_kafka_topic_t *topic;
        rd_kafka_message_t *messages[2]; /* the first one of two partitions */
} Reader;

static Reader reader_new(void)
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        char reason[256];
        Reader reader;

        ck_assert_int_eq(rd_kafka_conf_set(conf, "bootstrap.servers", stack->brokers, reason,
                                           sizeof reason),
                         RD_KAFKA_CONF_OK);
        reader.client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
        reader.topic = rd_kafka_topic_new(reader.client, stack->topic, NULL);
        for (int p = 0; p < 2; p++) {
                ck_assert_int_eq(rd_kafka_consume_start(reader.topic, p, RD_KAFKA_OFFSET_BEGINNING),
                                 0);
                ck_assert(eventually(LIBRARY_WAIT_MS,
                                     (reader.messages[p] =
                                              rd_kafka_consume(reader.topic, p, 1000)) != NULL));
                ck_assert_int_eq(reader.messages[p]->err, 0);
                (void)rd_kafka_consume_stop(reader.topic, p);
        }
        return reader;
}

static void reader_free(Reader *reader)
{
        for (int p = 0; p < 2; p++)
                rd_kafka_message_destroy(reader->messages[p]);
        rd_kafka_topic_destroy(reader->topic);
        rd_kafka_destroy(reader->client);
}

/* A view that has read its messages in some order, and keeps them. */
typedef struct Keeping {
        PGconn *conn;
        UndecodableList *list;
        ErrorCode code;
        Error err;
} Keeping;

static Keeping keeping_new(const Reader *reader, int from, int to)
{
        Keeping keeping = { .err = ERROR_INIT };

        keeping.conn = temp_database_connect(stack->database, "skafu_projector");
        ck_assert_int_eq(undecodable_list_new(&keeping.list, &keeping.err), ERROR_NONE);
        for (int p = from; p >= to; p--)
                undecodable_list_add(keeping.list, reader->messages[p], "garbage");
        return keeping;
}

static void keeping_free(Keeping *keeping)
{
        PQfinish(keeping->conn);
        undecodable_list_free(keeping->list);
}

static void *keep(void *data)
{
        Keeping *keeping = data;

        keeping->code =
                undecodable_list_store(keeping->list, keeping->conn, &stack->config, &keeping->err);
        return NULL;
}

static void begin(const Keeping *keeping)
{
        ck_assert_int_eq(pg_exec(keeping->conn, "BEGIN; SET LOCAL lock_timeout = '10s'", NULL, NULL,
                                 clock_monotonic_us() + LIBRARY_WAIT_MS * US_PER_MS, "begin", NULL),
                         ERROR_NONE);
}

/* Whoever waits for the first message holds no other one, however they were read: so views do not wait for each other. */
START_TEST(views_keep_the_same_messages_in_one_order)
{
        Reader reader;
        Keeping first, both, second;
        pthread_t thread;

        library_publish_raw(stack, 0, NULL, "one");
        library_publish_raw(stack, 1, NULL, "two");
        library_flush(stack);
        reader = reader_new();
        first = keeping_new(&reader, 0, 0);
        both = keeping_new(&reader, 1, 0);
        second = keeping_new(&reader, 1, 1);

        begin(&first);
        (void)keep(&first);
        ck_assert_msg(first.code == ERROR_NONE, "%s", first.err.message);
        ck_assert_int_eq(pthread_create(&thread, NULL, keep, &both), 0);
        ck_assert(eventually(LIBRARY_WAIT_MS,
                             library_int(stack, "SELECT count(*) FROM pg_stat_activity WHERE "
                                                "datname = current_database() AND "
                                                "wait_event_type = 'Lock'") == 1));
        begin(&second);
        (void)keep(&second);
        ck_assert_msg(second.code == ERROR_NONE, "%s", second.err.message);
        keeping_free(&second);
        keeping_free(&first);
        (void)pthread_join(thread, NULL);
        ck_assert_msg(both.code == ERROR_NONE, "%s", both.err.message);
        keeping_free(&both);
        reader_free(&reader);
        ck_assert_int_eq(kept("true"), 2);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("undecodable");
        TCase *tcase = tcase_create("undecodable");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, garbage_is_kept_with_its_bytes);
        tcase_add_test(tcase, only_the_newest_are_kept);
        tcase_add_test(tcase, positions_that_lie_are_found_out);
        tcase_add_test(tcase, a_poison_event_that_is_not_stored_parks_nothing);
        tcase_add_test(tcase, an_old_event_at_the_next_position_is_found_out);
        tcase_add_test(tcase, a_message_with_spoilt_data_is_read_from_the_store);
        tcase_add_test(tcase, views_keep_the_same_messages_in_one_order);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
