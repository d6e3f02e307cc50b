/* Reading the event store: logs and streams by the page, heads, commands. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "append_call.h"
#include "common/base/clock.h"
#include "common/store/command_record.h"
#include "common/store/event_selection.h"
#include "common/store/store.h"
#include "tests/support/temp_database.h"

static TempDatabase *database;
static PGconn *conn;
static AppendAnswer answers[4];
static Error err;

static void setup(void)
{
        err = ERROR_INIT;
        ck_assert_msg(temp_database_new(&database, &err) == ERROR_NONE, "%s", err.message);
        conn = temp_database_connect(database, "skafu_command");
        append_make_logs(conn, "metric", 3);
        append_call(conn,
                    (AppendRow[]){
                            { .key = "{\"k\":1}",
                              .id = "a",
                              .events = 3,
                              .partition = 1,
                              .data = "{ \"a\" : 1.0 }" },
                            { .key = "2",
                              .id = "b",
                              .events = 1,
                              .partition = 1,
                              .data = "{\"é\":\"\\u00e9\"}" },
                            { .key = "3", .id = "a", .expected = 3, .events = 1, .partition = 1 },
                            { .key = "4",
                              .id = "b",
                              .expected = 1,
                              .problem = "{\"no\": 1}",
                              .partition = 1 },
                    },
                    4, answers);
}

static void teardown(void)
{
        PQfinish(conn);
        temp_database_free(database);
}

static int64_t soon(void)
{
        return clock_monotonic_us() + 60 * US_PER_SEC;
}

static void expect_data(const Event *event, const char *expected)
{
        ck_assert_uint_eq(event->data.size, strlen(expected));
        ck_assert_mem_eq(event->data.text, expected, event->data.size);
}

START_TEST(a_log_by_the_page)
{
        int64_t after = 0, n_events = 0;

        for (;;) {
                _cleanup_(event_batch_freep) EventBatch *batch = NULL;

                ck_assert_int_eq(store_read_log(conn, "metric", 1, after, 2, &batch, soon(), &err),
                                 ERROR_NONE);
                if (!batch->n_events)
                        break;
                for (size_t i = 0; i < batch->n_events; i++) {
                        const Event *event = &batch->events[i];

                        ck_assert_int_eq(event->position, ++after);
                        ck_assert_int_eq(event->partition, 1);
                        ck_assert_str_eq(event->aggregate_type, "metric");
                        ck_assert_str_eq(event->type, "Tested");
                        ck_assert_int_eq(event->version, 1);
                        ck_assert_str_eq(event->correlation_id, "test");
                        ck_assert_int_eq(event->timestamp_us, answers[0].stored_at_us);
                        ck_assert_int_eq(event->id.bytes[6] >> 4, 7); /* UUIDv7 */
                        n_events++;
                }
        }
        ck_assert_int_eq(n_events, 5);
}
END_TEST

START_TEST(a_stream_from_anywhere)
{
        _cleanup_(event_batch_freep) EventBatch *batch = NULL, *tail = NULL, *none = NULL;

        ck_assert_int_eq(store_read_stream(conn, "metric", "a", 0, 100, &batch, soon(), &err),
                         ERROR_NONE);
        ck_assert_uint_eq(batch->n_events, 4);
        expect_data(&batch->events[0], "{ \"a\" : 1.0 }");
        ck_assert_mem_eq(batch->events[0].metadata.text, "{\"k\":1}", 7);
        ck_assert_int_eq(batch->events[3].sequence, 4);
        ck_assert_int_eq(batch->events[3].position, 5);
        ck_assert_int_eq(store_read_stream(conn, "metric", "a", 2, 1, &tail, soon(), &err),
                         ERROR_NONE);
        ck_assert_uint_eq(tail->n_events, 1);
        ck_assert_int_eq(tail->events[0].sequence, 3);
        ck_assert_int_eq(store_read_stream(conn, "project", "a", 0, 9, &none, soon(), &err),
                         ERROR_NONE);
        ck_assert_uint_eq(none->n_events, 0);
}
END_TEST

/* Five events of 5 MiB: four begin within a page. */
START_TEST(large_events_by_the_page)
{
        const size_t size = 5U << 20;
        _cleanup_(event_batch_freep) EventBatch *log = NULL, *rest = NULL, *stream = NULL,
                                                *whole = NULL;
        EventSelection selection = { .aggregate_type = "metric" };
        int64_t after = 0, n_selected = 0, n_pages = 0;
        char *data = malloc(size);

        ck_assert_ptr_nonnull(data);
        memset(data, 'x', size - 1);
        data[size - 1] = '\0';
        for (int i = 0; i < 5; i++) {
                char key[8] = { (char)('k' + i), '\0' };

                append_call(conn,
                            &(AppendRow){ .key = key,
                                          .id = "large",
                                          .expected = i,
                                          .events = 1,
                                          .partition = 2,
                                          .data = data },
                            1, answers);
        }
        free(data);

        ck_assert_int_eq(store_read_log(conn, "metric", 2, 0, 100, &log, soon(), &err), ERROR_NONE);
        ck_assert_uint_eq(log->n_events, 4);
        ck_assert(log->more);
        ck_assert_uint_eq(log->events[3].data.size, size - 1);
        ck_assert_int_eq(store_read_log(conn, "metric", 2, 4, 100, &rest, soon(), &err),
                         ERROR_NONE);
        ck_assert_uint_eq(rest->n_events, 1);
        ck_assert(!rest->more);
        ck_assert_int_eq(store_read_stream(conn, "metric", "large", 0, 100, &stream, soon(), &err),
                         ERROR_NONE);
        ck_assert_uint_eq(stream->n_events, 4);
        ck_assert(stream->more);
        ck_assert_int_eq(store_read_whole(conn, "metric", "large", 0, 5, &whole, soon(), &err),
                         ERROR_NONE);
        ck_assert_uint_eq(whole->n_events, 5);
        while (after < 5) {
                _cleanup_(event_batch_freep) EventBatch *page = NULL;

                ck_assert_int_eq(store_read_selection(conn, &selection, 2, &after, 5, 100, &page,
                                                      soon(), &err),
                                 ERROR_NONE);
                n_selected += (int64_t)page->n_events;
                n_pages++;
        }
        ck_assert_int_eq(n_selected, 5);
        ck_assert_int_eq(n_pages, 2);
}
END_TEST

START_TEST(heads_of_all_partitions)
{
        _cleanup_(freep) LogHead *heads = NULL;
        size_t n = 0;

        ck_assert_int_eq(
                pg_exec(conn, "SELECT event_store.note_published('{metric}', '{1}', '{3}', '{0}')",
                        NULL, NULL, soon(), "note", &err),
                ERROR_NONE);
        ck_assert_int_eq(store_read_heads(conn, "metric", &heads, &n, soon(), &err), ERROR_NONE);
        ck_assert_uint_eq(n, 3);
        for (int i = 0; i < 3; i++) {
                ck_assert_int_eq(heads[i].partition, i);
                ck_assert_int_eq(heads[i].last_position, i == 1 ? 5 : 0);
                ck_assert_int_eq(heads[i].published, i == 1 ? 3 : 0);
        }
}
END_TEST

static ErrorCode find(const char *key, CommandRecord **ret)
{
        Uuid id = uuid_from_name(key, strlen(key));

        return store_find_command(conn, &id, ret, soon(), &err);
}

START_TEST(what_became_of_a_command)
{
        _cleanup_(command_record_freep) CommandRecord *stored = NULL, *refused = NULL, *none = NULL;
        int64_t now_us = clock_now_us();

        ck_assert_int_eq(find("3", &stored), ERROR_NONE);
        ck_assert_str_eq(stored->command_type, "Test");
        ck_assert_str_eq(stored->aggregate_type, "metric");
        ck_assert_str_eq(stored->aggregate_id, "a");
        ck_assert_int_eq(stored->version, 4);
        ck_assert_int_eq(stored->event_count, 1);
        ck_assert_int_eq(stored->status, 201);
        ck_assert_ptr_null(stored->problem);
        ck_assert_int_le(stored->received_at_us, now_us);
        ck_assert_int_gt(stored->received_at_us, now_us - 60 * US_PER_SEC);
        ck_assert_int_le(stored->stored_at_us, now_us);
        ck_assert_int_eq(find("4", &refused), ERROR_NONE);
        ck_assert_int_eq(refused->status, 422);
        ck_assert_int_eq(refused->version, 1);
        ck_assert_int_eq(refused->event_count, 0);
        ck_assert_str_eq(refused->problem, "{\"no\": 1}");
        ck_assert_int_eq(find("unknown", &none), ERROR_NOT_FOUND);
        ck_assert_ptr_null(none);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("read");
        TCase *tcase = tcase_create("read");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, a_log_by_the_page);
        tcase_add_test(tcase, a_stream_from_anywhere);
        tcase_add_test(tcase, large_events_by_the_page);
        tcase_add_test(tcase, heads_of_all_partitions);
        tcase_add_test(tcase, what_became_of_a_command);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
