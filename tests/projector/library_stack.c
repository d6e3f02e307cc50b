#include "library_stack.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "common/kafka/event_message.h"
#include "common/pg/pg_params.h"
#include "common/store/store.h"
#include "library.h"
#include "services/projector-svc/view_open.h"
#include "services/projector-svc/view_registry.h"
#include "tests/support/eventually.h"

#define DEADLINE (clock_monotonic_us() + LIBRARY_WAIT_MS * US_PER_MS)

static void need(ErrorCode code, const Error *err)
{
        ck_assert_msg(code == ERROR_NONE, "%s", err->message);
}

static void delivered(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
        ck_assert_msg(!message->err, "%s", rd_kafka_err2str(message->err));
}

static void start_cluster(LibraryStack *stack)
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        char reason[256];

        ck_assert_int_eq(rd_kafka_conf_set(conf, "log_level", "0", reason, sizeof reason), 0);
        stack->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
        ck_assert_msg(stack->host != NULL, "%s", reason);
        stack->cluster = rd_kafka_mock_cluster_new(stack->host, 1);
        stack->brokers = strdup(rd_kafka_mock_cluster_bootstraps(stack->cluster));
}

static void find_broker(LibraryStack *stack)
{
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread yet */
        const char *brokers = getenv("SKAFU_TEST_KAFKA_BROKERS");

        ck_assert_msg(brokers != NULL, "set SKAFU_TEST_KAFKA_BROKERS, or run scripts/test.sh");
        stack->brokers = strdup(brokers);
}

static void configure(LibraryStack *stack)
{
        stack->config = (ProjectorConfig){ .pg_url = stack->projector_url,
                                           .kafka_brokers = stack->brokers,
                                           .topic_prefix = stack->prefix,
                                           .view_workers = 2,
                                           .batch_events_max = 500,
                                           .batch_bytes_max = 1000000,
                                           .kafka_queue_kbytes = 4096,
                                           .refresh_ms = 100,
                                           .retry_ms_max = 200,
                                           .rebuild_batch_events_max = 300,
                                           .rebuild_busy_percent = 50,
                                           .rebuild_read_percent = 50,
                                           .rebuild_lag_max = 2000,
                                           .rebuild_hold_ms = 2000,
                                           .rebuild_examples_max = 3,
                                           .park_tries = 3,
                                           .park_retry_ms = 10,
                                           .parked_aggregates_max = 100,
                                           .undecodable_rows_max = 1000,
                                           .undecodable_bytes_max = 1000000 };
}

LibraryStack *library_stack_new(LibraryBroker broker)
{
        LibraryStack *stack = calloc(1, sizeof *stack);
        KafkaTopic topic = { NULL, LIBRARY_PARTITIONS };
        Error err = ERROR_INIT;

        log_init("test", LOG_LEVEL_ERROR);
        need(temp_database_new(&stack->database, &err), &err);
        stack->conn = temp_database_connect(stack->database, NULL);
        stack->projector_url = temp_database_url(stack->database, "skafu_projector");
        library_sql(stack, "SELECT event_store.ensure_logs('shelf', 4)");
        library_use_schema(stack, library_schema, "book");
        if (broker == LIBRARY_BROKER_BUILT_IN)
                start_cluster(stack);
        else
                find_broker(stack);
        (void)snprintf(stack->prefix, sizeof stack->prefix, "t%" PRIx64,
                       (uint64_t)clock_now_us() ^ (uint64_t)getpid() << 40);
        (void)snprintf(stack->topic, sizeof stack->topic, "%s.shelf.events", stack->prefix);
        topic.name = stack->topic;
        need(kafka_topics_ensure(stack->brokers, &topic, 1, 1, 1, DEADLINE, &err), &err);
        need(kafka_producer_new(&stack->producer, stack->brokers, "test", delivered, NULL, &err),
             &err);
        configure(stack);
        return stack;
}

void library_stack_free(LibraryStack *stack)
{
        kafka_producer_free(stack->producer);
        if (stack->cluster)
                rd_kafka_mock_cluster_destroy(stack->cluster);
        if (stack->host)
                rd_kafka_destroy(stack->host);
        schema_free(stack->schema);
        PQfinish(stack->conn);
        free(stack->projector_url);
        free(stack->brokers);
        temp_database_free(stack->database);
        free(stack);
}

void library_use_schema(LibraryStack *stack, const char *schema, const char *view)
{
        Error err = ERROR_INIT;

        schema_free(stack->schema);
        stack->schema = NULL;
        need(schema_parse(&stack->schema, "library", schema, strlen(schema), &err), &err);
        stack->view = view;
}

void library_sql(LibraryStack *stack, const char *sql)
{
        Error err = ERROR_INIT;

        need(pg_exec(stack->conn, sql, NULL, NULL, DEADLINE, "run a statement", &err), &err);
}

int64_t library_int(LibraryStack *stack, const char *sql)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        Error err = ERROR_INIT;

        need(pg_exec(stack->conn, sql, NULL, &res, DEADLINE, "ask", &err), &err);
        ck_assert_int_eq(PQntuples(res), 1);
        return strtoll(PQgetvalue(res, 0, 0), NULL, 10);
}

int64_t library_store(LibraryStack *stack, int partition, const char *shelf, const char *type,
                      const char *data)
{
        static const char sql[] =
                "SELECT outcome FROM event_store.append(ARRAY[gen_random_uuid()], "
                "ARRAY[''::bytea], ARRAY['Change'], ARRAY['shelf'], ARRAY[$2], ARRAY[$1], "
                "ARRAY[coalesce((SELECT max(event_sequence) FROM event_store.events WHERE "
                "aggregate_id = $2 AND aggregate_type = 'shelf'), 0)], ARRAY[1], ARRAY[201::int2], "
                "ARRAY[NULL::text], ARRAY[0::int8], ARRAY[0], ARRAY[0], ARRAY['test'], "
                "ARRAY[gen_random_uuid()], ARRAY[$3], ARRAY[1], "
                "ARRAY[$4], ARRAY['{\"aggregateType\":\"shelf\"}'], ARRAY['c'])";
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        Error err = ERROR_INIT;

        pg_params_int32(params, partition);
        pg_params_text(params, shelf);
        pg_params_text(params, type);
        pg_params_text(params, data);
        need(pg_exec_prepared(stack->conn, "store", sql, params, &res, DEADLINE, "store", &err),
             &err);
        ck_assert_str_eq(PQgetvalue(res, 0, 0), "0");
        return ++stack->positions[partition];
}

/* One change of one of ten books of a shelf. */
static void store_change(LibraryStack *stack, unsigned shelf, unsigned dice, int n)
{
        char id[32], data[512];
        int partition = (int)(shelf % LIBRARY_PARTITIONS);
        unsigned book = dice / 16 % 10;

        (void)snprintf(id, sizeof id, "shelf-%u", shelf);
        if (dice % 16 < 7) {
                (void)snprintf(data, sizeof data,
                               "{\"bookId\":\"%s-%u\",\"title\":\"T\\u00e9 '%d'\",\"kind\":%s,"
                               "\"pages\":%d,\"tags\":[\"a,b\",\"%d\"],\"notes\":{ \"n\" : %d }}",
                               id, book, n, dice % 3 ? "\"NOVEL\"" : "null", n, n, n);
                (void)library_store(stack, partition, id, "BookPlaced", data);
        } else if (dice % 16 < 12) {
                (void)snprintf(data, sizeof data, "{\"bookId\":\"%s-%u\",\"title\":\"R %d\"}", id,
                               book, n);
                (void)library_store(stack, partition, id, "BookRetitled", data);
        } else if (dice % 16 < 14) {
                (void)snprintf(data, sizeof data, "{\"bookId\":\"%s-%u\"}", id, book);
                (void)library_store(stack, partition, id, "BookRemoved", data);
        } else {
                (void)library_store(stack, partition, id, "ShelfPainted", "{}");
        }
}

void library_store_many(LibraryStack *stack, int n, int n_shelves, unsigned seed)
{
        unsigned dice = seed * 2654435761U + 1;

        library_sql(stack, "BEGIN");
        for (int i = 0; i < n; i++) {
                dice = dice * 1664525U + 1013904223U;
                store_change(stack, (dice >> 8) % (unsigned)n_shelves, dice >> 12, i);
        }
        library_sql(stack, "COMMIT");
}

static void produce(LibraryStack *stack, const Event *event)
{
        _cleanup_(buffer_deinit) Buffer scratch = BUFFER_INIT;
        Error err = ERROR_INIT;
        ErrorCode code;

        while ((code = event_message_produce(stack->producer, stack->topic, event, &scratch, NULL,
                                             &err)) == ERROR_UNAVAILABLE)
                (void)rd_kafka_poll(stack->producer, 10);
        need(code, &err);
}

void library_publish(LibraryStack *stack, int partition, int64_t first, int64_t last)
{
        int64_t at = first - 1;

        while (at < last) {
                _cleanup_(event_batch_freep) EventBatch *batch = NULL;
                Error err = ERROR_INIT;

                need(store_read_log(stack->conn, "shelf", partition, at, (int)(last - at), &batch,
                                    DEADLINE, &err),
                     &err);
                ck_assert_uint_gt(batch->n_events, 0);
                for (size_t i = 0; i < batch->n_events; i++)
                        produce(stack, &batch->events[i]);
                at = batch->events[batch->n_events - 1].position;
        }
        (void)rd_kafka_poll(stack->producer, 0);
}

void library_publish_as(LibraryStack *stack, int partition, int64_t of, int64_t position)
{
        _cleanup_(event_batch_freep) EventBatch *batch = NULL;
        Error err = ERROR_INIT;

        need(store_read_log(stack->conn, "shelf", partition, of - 1, 1, &batch, DEADLINE, &err),
             &err);
        ck_assert_uint_eq(batch->n_events, 1);
        batch->events[0].position = position;
        produce(stack, &batch->events[0]);
}

void library_publish_all(LibraryStack *stack)
{
        for (int p = 0; p < LIBRARY_PARTITIONS; p++)
                library_publish(stack, p, 1, stack->positions[p]);
        library_flush(stack);
}

void library_publish_raw(LibraryStack *stack, int partition, const char *position,
                         const char *value)
{
        _cleanup_(freep) char *copy = strdup(value);
        rd_kafka_headers_t *headers = rd_kafka_headers_new(1);

        if (position)
                (void)rd_kafka_header_add(headers, "skafu-position", -1, position, -1);
        ck_assert_int_eq(rd_kafka_producev(stack->producer, RD_KAFKA_V_TOPIC(stack->topic),
                                           RD_KAFKA_V_PARTITION(partition),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_VALUE(copy, strlen(copy)),
                                           RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END),
                         0);
}

void library_flush(LibraryStack *stack)
{
        ck_assert_int_eq(rd_kafka_flush(stack->producer, LIBRARY_WAIT_MS), 0);
}

void library_note_published(LibraryStack *stack)
{
        library_sql(stack, "UPDATE event_store.publications p SET published = l.last_position FROM "
                           "event_store.logs l WHERE l.aggregate_type = p.aggregate_type AND "
                           "l.partition = p.partition");
}

ViewCrew *library_crew(LibraryStack *stack, size_t n_workers)
{
        _cleanup_(version_list_deinit) VersionList list = VERSION_LIST_INIT;
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        const Model *model = schema_model_by_view(stack->schema, stack->view);
        ViewCrew *crew = NULL;
        Error err = ERROR_INIT;

        need(pg_connect(&conn, stack->projector_url, "test", DEADLINE, &err), &err);
        need(view_registry_register(conn, stack->schema, DEADLINE, &err), &err);
        need(version_list_read(&list, conn, DEADLINE, &err), &err);
        need(view_crew_new(&crew, &stack->config, stack->config.change_feed ? model : NULL,
                           n_workers, &err),
             &err);
        for (size_t i = 0; i < n_workers; i++) {
                View *view = NULL;

                need(view_open(&view, conn, stack->schema, version_list_live(&list, stack->view),
                               DEADLINE, &err),
                     &err);
                need(view_crew_add(crew, view, NULL, NULL, &err), &err);
        }
        need(view_crew_start(crew, &err), &err);
        return crew;
}

ViewCrew *library_worker(LibraryStack *stack)
{
        return library_crew(stack, 1);
}

void library_stop(ViewCrew **crew)
{
        view_crew_free(*crew);
        *crew = NULL;
}

bool library_caught_up(LibraryStack *stack)
{
        char sql[256];

        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM event_store.logs l LEFT JOIN read.checkpoint c ON "
                       "c.view = '%s' AND c.partition = l.partition WHERE coalesce(c.position, 0) "
                       "<> l.last_position",
                       stack->view);
        return library_int(stack, sql) == 0;
}
