#include "snapshot_writer.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "common/pg/pg_conn.h"
#include "common/pg/pg_params.h"
#include "store_snapshots.sql.h"

#define STORE_TIMEOUT_US    (10 * US_PER_SEC)
#define STATEMENT_BYTES_MAX ((size_t)1 << 20) /* a larger state goes alone */

typedef struct Snapshot {
        struct Snapshot *next;
        const AggregateType *type;
        int64_t version;
        Buffer state;
        char id[];
} Snapshot;

struct SnapshotWriter {
        const CommandConfig *config;
        pthread_mutex_t lock;
        pthread_cond_t offered;
        Snapshot *first;
        Snapshot **end;
        size_t bytes; /* of what waits */
        bool closed;

        /* the thread's */
        PGconn *conn;
        PgParams *params;
        bool away; /* PostgreSQL, and the log says so */
        pthread_t thread;
        bool running;
        Metric *stored, *lost;
};

ErrorCode snapshot_writer_new(SnapshotWriter **ret, const CommandConfig *config, Error *err)
{
        _cleanup_(snapshot_writer_freep) SnapshotWriter *writer = calloc(1, sizeof *writer);

        if (!writer)
                return error_no_memory(err);
        writer->config = config;
        (void)pthread_mutex_init(&writer->lock, NULL);
        (void)pthread_cond_init(&writer->offered, NULL);
        writer->end = &writer->first;
        writer->params = pg_params_new();
        if (!writer->params)
                return error_no_memory(err);
        writer->stored = metric_counter("skafu_snapshots_stored_total", NULL,
                                        "states of aggregates kept as snapshots");
        writer->lost = metric_counter("skafu_snapshots_lost_total", NULL,
                                      "snapshots that could not be kept; harmless");
        *ret = TAKE_PTR(writer);
        return ERROR_NONE;
}

static size_t snapshot_bytes(const Snapshot *snapshot)
{
        return sizeof *snapshot + strlen(snapshot->id) + 1 + snapshot->state.capacity;
}

static void free_list(Snapshot *list)
{
        while (list) {
                Snapshot *next = list->next;

                buffer_deinit(&list->state);
                free(list);
                list = next;
        }
}

void snapshot_writer_free(SnapshotWriter *writer)
{
        if (!writer)
                return;
        assert(!writer->running);
        free_list(writer->first);
        PQfinish(writer->conn);
        pg_params_free(writer->params);
        (void)pthread_cond_destroy(&writer->offered);
        (void)pthread_mutex_destroy(&writer->lock);
        free(writer);
}

static bool has_room(SnapshotWriter *writer)
{
        MUTEX_GUARD(&writer->lock);

        return writer->bytes < (size_t)writer->config->snapshot_queue_bytes_max;
}

bool snapshot_writer_offer(SnapshotWriter *writer, const char *id, const Aggregate *aggregate)
{
        size_t id_size = strlen(id) + 1;
        Snapshot *snapshot;

        if (!has_room(writer))
                return false;
        snapshot = calloc(1, sizeof *snapshot + id_size);
        if (!snapshot)
                return false;
        snapshot->type = aggregate->type;
        snapshot->version = aggregate->version;
        memcpy(snapshot->id, id, id_size);
        aggregate_encode(aggregate, &snapshot->state);

        MUTEX_GUARD(&writer->lock);
        writer->bytes += snapshot_bytes(snapshot);
        *writer->end = snapshot;
        writer->end = &snapshot->next;
        (void)pthread_cond_signal(&writer->offered);
        return true;
}

/* What goes into one statement, in order; NULL at the end of the service. */
static Snapshot *take(SnapshotWriter *writer)
{
        Snapshot *list;
        Snapshot **end;
        size_t bytes = 0;
        MUTEX_GUARD(&writer->lock);

        while (!writer->first && !writer->closed)
                (void)pthread_cond_wait(&writer->offered, &writer->lock);
        if (writer->closed && writer->away)
                return NULL;
        list = writer->first;
        for (end = &writer->first; *end; end = &(*end)->next) {
                size_t more = snapshot_bytes(*end);

                if (bytes > 0 && bytes + more > STATEMENT_BYTES_MAX)
                        break;
                bytes += more;
        }
        writer->first = *end;
        *end = NULL;
        if (!writer->first)
                writer->end = &writer->first;
        writer->bytes -= bytes;
        return list;
}

/* In the order of the function's parameters. */
enum {
        AGGREGATE_TYPE,
        AGGREGATE_ID,
        VERSION,
        STATE_VERSION,
        STATE,
};

static size_t fill_params(PgParams *params, const Snapshot *list)
{
        static const PgArrayKind kinds[] = {
                [AGGREGATE_TYPE] = PG_ARRAY_TEXT, [AGGREGATE_ID] = PG_ARRAY_TEXT,
                [VERSION] = PG_ARRAY_INT8,        [STATE_VERSION] = PG_ARRAY_INT4,
                [STATE] = PG_ARRAY_TEXT,
        };
        size_t n = 0;

        pg_params_clear(params);
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                (void)pg_params_array(params, kinds[i]);
        for (; list; list = list->next, n++) {
                pg_array_text(params, AGGREGATE_TYPE, list->type->name);
                pg_array_text(params, AGGREGATE_ID, list->id);
                pg_array_int(params, VERSION, list->version);
                pg_array_int(params, STATE_VERSION, list->type->snapshot->state_version);
                pg_array_text_n(params, STATE, list->state.data, list->state.size);
        }
        return n;
}

static ErrorCode connect_store(SnapshotWriter *writer, int64_t deadline_us, Error *err)
{
        ErrorCode code;

        if (writer->conn)
                return ERROR_NONE;
        code = pg_connect(&writer->conn, writer->config->pg_url, "command-svc snapshots",
                          deadline_us, err);
        /* What is forgotten in a crash is kept again when the aggregate has changed on. */
        if (!code)
                code = pg_exec(writer->conn, "SET synchronous_commit = off", NULL, NULL,
                               deadline_us, "set up the snapshots' session", err);
        return code;
}

static void store(SnapshotWriter *writer, const Snapshot *list)
{
        int64_t deadline_us = clock_monotonic_us() + STORE_TIMEOUT_US;
        size_t n = fill_params(writer->params, list);
        Error err = ERROR_INIT;
        ErrorCode code = connect_store(writer, deadline_us, &err);

        if (!code)
                code = pg_exec_prepared(writer->conn, "store_snapshots", sql_store_snapshots,
                                        writer->params, NULL, deadline_us, "keep snapshots", &err);
        metric_add(code ? writer->lost : writer->stored, (int64_t)n);
        if (code) {
                PQfinish(TAKE_PTR(writer->conn));
                if (!writer->away)
                        log_warning("snapshots-lost", "could not keep %zu snapshots: %s", n,
                                    err.message);
        } else if (writer->away) {
                log_info("snapshots-kept", "snapshots are kept again");
        }
        writer->away = code != ERROR_NONE;
}

static void *run(void *data)
{
        SnapshotWriter *writer = data;
        Snapshot *list;

        while ((list = take(writer))) {
                store(writer, list);
                free_list(list);
        }
        return NULL;
}

ErrorCode snapshot_writer_start(SnapshotWriter *writer, Error *err)
{
        if (pthread_create(&writer->thread, NULL, run, writer) != 0)
                return error_set(err, ERROR_INTERNAL, "could not start the snapshots' thread");
        writer->running = true;
        return ERROR_NONE;
}

static void close_queue(SnapshotWriter *writer)
{
        MUTEX_GUARD(&writer->lock);

        writer->closed = true;
        (void)pthread_cond_signal(&writer->offered);
}

void snapshot_writer_stop(SnapshotWriter *writer)
{
        if (!writer->running)
                return;
        close_queue(writer);
        (void)pthread_join(writer->thread, NULL);
        writer->running = false;
}
