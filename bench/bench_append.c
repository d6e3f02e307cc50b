/*
 * bench_append.c — events/s of event_store.append() beside its limit: plain libpq INSERT … SELECT FROM
 * unnest() into a table with the columns and indexes of events alone. Both are prepared, durable, take
 * their turns in short slices of the same run, and get the same aggregates, texts and batches.
 *
 * usage: bench-append --pg-url URL [--json] [--seconds N] [--batches 1,8,64,256] [--connections 1,2]
 *                     [--cases new,mixed,hot]
 * URL names a migrated database that nobody needs afterwards, as its owner.
 */

#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/pg/pg_conn.h"
#include "common/pg/pg_params.h"

#define TIMEOUT_US      (30 * US_PER_SEC)
#define SLICE_US        (200 * US_PER_MS)
#define WARM_UP_BATCHES 8 /* plans are made in the first ones */
#define PARTITIONS      4
#define CONNECTIONS_MAX 8
#define SLICES_MAX      1000
#define LIST_MAX        16

typedef enum Kind {
        KIND_LIMIT,
        KIND_APPEND,
        N_KINDS,
} Kind;

typedef struct Shape {
        const char *name;
        int changes;   /* of an aggregate after it was created */
        bool is_chain; /* a batch is all about one aggregate */
} Shape;

static const Shape shapes[] = {
        { "new", 0, false },
        { "mixed", 9, false },
        { "hot", 1000000, true },
};

typedef struct Stream {
        char id[UUID_TEXT_SIZE];
        int partition;
        int64_t version;
} Stream;

typedef struct Worker {
        pthread_t thread;
        const Shape *shape;
        int number, n_workers, batch;
        PGconn *conn;
        PgParams *params;
        Stream *streams; /* one for each command of a batch */
        int64_t round;
        double events_per_second; /* of the last slice */
} Worker;

static const char limit_sql[] =
        "INSERT INTO bench.events SELECT t, p, o, a, s, i, e, v, d, m, c, clock_timestamp() FROM "
        "unnest($1::text[], $2::int4[], $3::int8[], $4::text[], $5::int8[], $6::uuid[], $7::text[], "
        "$8::int4[], $9::text[], $10::text[], $11::text[]) AS u(t, p, o, a, s, i, e, v, d, m, c)";
static const char append_sql[] =
        "SELECT * FROM event_store.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
        "$16, $17, $18, $19, $20)";

static const PgArrayKind limit_kinds[] = {
        PG_ARRAY_TEXT, PG_ARRAY_INT4, PG_ARRAY_INT8, PG_ARRAY_TEXT, PG_ARRAY_INT8, PG_ARRAY_UUID,
        PG_ARRAY_TEXT, PG_ARRAY_INT4, PG_ARRAY_TEXT, PG_ARRAY_TEXT, PG_ARRAY_TEXT,
};
static const PgArrayKind append_kinds[] = {
        PG_ARRAY_UUID, PG_ARRAY_BYTEA, PG_ARRAY_TEXT, PG_ARRAY_TEXT, PG_ARRAY_TEXT,
        PG_ARRAY_INT4, PG_ARRAY_INT8,  PG_ARRAY_INT4, PG_ARRAY_INT2, PG_ARRAY_TEXT,
        PG_ARRAY_INT8, PG_ARRAY_INT4,  PG_ARRAY_INT4, PG_ARRAY_TEXT, PG_ARRAY_UUID,
        PG_ARRAY_TEXT, PG_ARRAY_INT4,  PG_ARRAY_TEXT, PG_ARRAY_TEXT, PG_ARRAY_TEXT,
};

static const char data[] =
        "{\"metricId\":\"0198c0de-0000-7000-8000-000000000000\",\"name\":\"latency\",\"value\":1.5,\"unit\":"
        "\"ms\",\"tags\":{\"host\":\"h1\",\"zone\":\"a\"},\"timestamp\":\"2026-01-01T00:00:00Z\",\"source\":"
        "\"bench\"}";
static const char metadata[] =
        "{\"aggregateType\":\"metric\",\"causationId\":\"0198c0de-0000-7000-8000-000000000000\",\"commandId\":"
        "\"0198c0de-0000-7000-8000-000000000000\",\"actor\":\"bench\",\"traceparent\":\"00-"
        "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"}";

/* Positions of the limit's table; each partition has one writer. */
static int64_t limit_positions[PARTITIONS];

static void fail(const char *what, const Error *err)
{
        (void)fprintf(stderr, "bench-append: %s: %s\n", what, err->message);
        exit(EXIT_FAILURE); /* NOLINT(concurrency-mt-unsafe): nothing is worth cleaning up */
}

static void exec(PGconn *conn, const char *sql)
{
        Error err = ERROR_INIT;

        if (pg_exec(conn, sql, NULL, NULL, clock_monotonic_us() + TIMEOUT_US, "prepare", &err))
                fail(sql, &err);
}

/* Writers own disjoint sets of partitions, as in command-svc. */
static void begin_stream(Stream *stream, const Worker *worker)
{
        Uuid id = uuid_new();
        int n_own = PARTITIONS / worker->n_workers;

        uuid_format(&id, stream->id);
        stream->version = 0;
        stream->partition = worker->number * n_own +
                            (int)(hash_bytes(stream->id, sizeof stream->id - 1) % (unsigned)n_own);
}

static void add_limit_row(PgParams *params, const Stream *stream)
{
        Uuid event_id = uuid_new();

        pg_array_text(params, 0, "metric");
        pg_array_int(params, 1, stream->partition);
        pg_array_int(params, 2, ++limit_positions[stream->partition]);
        pg_array_text(params, 3, stream->id);
        pg_array_int(params, 4, stream->version + 1);
        pg_array_uuid(params, 5, &event_id);
        pg_array_text(params, 6, "MetricRecorded");
        pg_array_int(params, 7, 1);
        pg_array_text(params, 8, data);
        pg_array_text(params, 9, metadata);
        pg_array_text(params, 10, stream->id);
}

static void add_append_row(PgParams *params, const Stream *stream)
{
        Uuid command_id = uuid_new(), event_id = uuid_new();
        uint8_t digest[HASH_SHA256_SIZE];

        hash_sha256(&command_id, sizeof command_id, digest);
        pg_array_uuid(params, 0, &command_id);
        pg_array_bytes(params, 1, digest, sizeof digest);
        pg_array_text(params, 2, "RecordMetric");
        pg_array_text(params, 3, "metric");
        pg_array_text(params, 4, stream->id);
        pg_array_int(params, 5, stream->partition);
        pg_array_int(params, 6, stream->version);
        pg_array_int(params, 7, 1);
        pg_array_int(params, 8, 201);
        pg_array_null(params, 9);
        pg_array_int(params, 10, clock_now_us());
        pg_array_int(params, 11, 120);
        pg_array_int(params, 12, 340);
        pg_array_text(params, 13, "bench");
        pg_array_uuid(params, 14, &event_id);
        pg_array_text(params, 15, "MetricRecorded");
        pg_array_int(params, 16, 1);
        pg_array_text(params, 17, data);
        pg_array_text(params, 18, metadata);
        pg_array_text(params, 19, stream->id);
}

static void fill_batch(Worker *worker, Kind kind)
{
        size_t n_arrays = kind == KIND_LIMIT ? ARRAY_SIZE(limit_kinds) : ARRAY_SIZE(append_kinds);
        const PgArrayKind *kinds = kind == KIND_LIMIT ? limit_kinds : append_kinds;
        const Shape *shape = worker->shape;

        pg_params_clear(worker->params);
        for (size_t i = 0; i < n_arrays; i++)
                (void)pg_params_array(worker->params, kinds[i]);
        for (int i = 0; i < worker->batch; i++) {
                Stream *stream = &worker->streams[shape->is_chain ? 0 : i];

                /* Spread out: of 1 creation and 9 changes, a tenth of each batch are creations. */
                if (!shape->is_chain && (worker->round + i) % (shape->changes + 1) == 0)
                        begin_stream(stream, worker);
                if (kind == KIND_LIMIT)
                        add_limit_row(worker->params, stream);
                else
                        add_append_row(worker->params, stream);
                stream->version++;
        }
        worker->round++;
}

static void run_batch(Worker *worker, Kind kind)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        Error err = ERROR_INIT;

        fill_batch(worker, kind);
        if (pg_exec_prepared(worker->conn, kind == KIND_LIMIT ? "limit" : "append",
                             kind == KIND_LIMIT ? limit_sql : append_sql, worker->params, &res,
                             clock_monotonic_us() + TIMEOUT_US, "append", &err))
                fail("batch", &err);
        for (int i = 0; i < PQntuples(res); i++) {
                if (strcmp(PQgetvalue(res, i, 1), "0") != 0) {
                        (void)error_set(&err, ERROR_INTERNAL, "a command was not stored");
                        fail("batch", &err);
                }
        }
}

static void run_slice(Worker *worker, Kind kind)
{
        int64_t started_us, now_us, n_batches = 0;

        for (int i = 0; i < worker->batch; i++)
                begin_stream(&worker->streams[i], worker);
        for (int i = 0; i < WARM_UP_BATCHES; i++)
                run_batch(worker, kind);
        started_us = clock_monotonic_us();
        do {
                run_batch(worker, kind);
                n_batches++;
                now_us = clock_monotonic_us();
        } while (now_us - started_us < SLICE_US);
        worker->events_per_second =
                (double)(n_batches * worker->batch * US_PER_SEC) / (double)(now_us - started_us);
}

static void *run_limit(void *arg)
{
        run_slice(arg, KIND_LIMIT);
        return NULL;
}

static void *run_append(void *arg)
{
        run_slice(arg, KIND_APPEND);
        return NULL;
}

static int compare_rates(const void *a, const void *b)
{
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* Median events/s over the slices, of each kind. */
static void run_case(Worker *workers, int n_workers, int n_slices, double ret[N_KINDS])
{
        static void *(*const runs[N_KINDS])(void *) = { run_limit, run_append };
        static double rates[N_KINDS][SLICES_MAX];

        for (int slice = 0; slice < n_slices; slice++) {
                for (Kind kind = 0; kind < N_KINDS; kind++) {
                        rates[kind][slice] = 0;
                        for (int i = 0; i < n_workers; i++)
                                (void)pthread_create(&workers[i].thread, NULL, runs[kind],
                                                     &workers[i]);
                        for (int i = 0; i < n_workers; i++) {
                                (void)pthread_join(workers[i].thread, NULL);
                                rates[kind][slice] += workers[i].events_per_second;
                        }
                }
        }
        for (Kind kind = 0; kind < N_KINDS; kind++) {
                qsort(rates[kind], (size_t)n_slices, sizeof *rates[kind], compare_rates);
                ret[kind] = rates[kind][n_slices / 2];
        }
}

typedef struct Options {
        const char *url;
        bool json;
        double seconds; /* for each row of the table */
        const char *batches, *connections, *cases;
} Options;

static void measure(const Options *options, const Shape *shape, int batch, int n_workers)
{
        Worker workers[CONNECTIONS_MAX] = { 0 };
        int n_slices = (int)(options->seconds * (double)US_PER_SEC / (double)(N_KINDS * SLICE_US));
        double rates[N_KINDS], ratio;

        for (int i = 0; i < n_workers; i++) {
                Error err = ERROR_INIT;

                workers[i] = (Worker){ .shape = shape,
                                       .number = i,
                                       .n_workers = n_workers,
                                       .batch = batch,
                                       .params = pg_params_new(),
                                       .streams = calloc((size_t)batch, sizeof(Stream)) };
                if (pg_connect(&workers[i].conn, options->url, "bench",
                               clock_monotonic_us() + TIMEOUT_US, &err))
                        fail("connect", &err);
        }
        run_case(workers, n_workers,
                 n_slices < 1            ? 1
                 : n_slices > SLICES_MAX ? SLICES_MAX
                                         : n_slices,
                 rates);
        for (int i = 0; i < n_workers; i++) {
                PQfinish(workers[i].conn);
                pg_params_free(workers[i].params);
                free(workers[i].streams);
        }
        ratio = rates[KIND_APPEND] / rates[KIND_LIMIT];
        if (options->json)
                (void)printf(
                        "{\"bench\":\"append\",\"case\":\"%s/%d/%d\",\"value\":%.0f,\"unit\":\"events/s\","
                        "\"limit\":%.0f,\"ratio\":%.3f}\n",
                        shape->name, batch, n_workers, rates[KIND_APPEND], rates[KIND_LIMIT],
                        ratio);
        else
                (void)printf("%-8s %6d %6d %11.0f %11.0f %7.2f\n", shape->name, batch, n_workers,
                             rates[KIND_APPEND], rates[KIND_LIMIT], ratio);
        (void)fflush(stdout);
}

/* "1,8,64" as numbers; 0 ends them. */
static void parse_list(const char *text, int ret[LIST_MAX + 1], int max)
{
        int n = 0;

        while (*text && n < LIST_MAX) {
                char *end;
                long value = strtol(text, &end, 10);

                if (end == text || value < 1 || value > max)
                        break;
                ret[n++] = (int)value;
                text = end + (*end == ',');
        }
        ret[n] = 0;
}

static bool has_word(const char *list, const char *word)
{
        size_t size = strlen(word);

        for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
                if ((at == list || at[-1] == ',') && (!at[size] || at[size] == ','))
                        return true;
        return false;
}

static bool parse_options(int argc, char **argv, Options *options)
{
        static const struct option names[] = {
                { "pg-url", required_argument, NULL, 'u' },
                { "json", no_argument, NULL, 'j' },
                { "seconds", required_argument, NULL, 's' },
                { "batches", required_argument, NULL, 'b' },
                { "connections", required_argument, NULL, 'c' },
                { "cases", required_argument, NULL, 'k' },
                { 0 },
        };
        int option;

        /* NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread */
        while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
                switch (option) {
                case 'u':
                        options->url = optarg;
                        break;
                case 'j':
                        options->json = true;
                        break;
                case 's':
                        options->seconds = strtod(optarg, NULL);
                        break;
                case 'b':
                        options->batches = optarg;
                        break;
                case 'c':
                        options->connections = optarg;
                        break;
                case 'k':
                        options->cases = optarg;
                        break;
                default:
                        return false;
                }
        }
        return options->url && optind == argc;
}

int main(int argc, char **argv)
{
        Options options = { .seconds = 8,
                            .batches = "1,8,64,256",
                            .connections = "1,2",
                            .cases = "new,mixed,hot" };
        int batches[LIST_MAX + 1], connections[LIST_MAX + 1];
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        Error err = ERROR_INIT;

        if (!parse_options(argc, argv, &options)) {
                (void)fputs(
                        "usage: bench-append --pg-url URL [--json] [--seconds N] [--batches 1,8,64,256]\n"
                        "                    [--connections 1,2] [--cases new,mixed,hot]\n",
                        stderr);
                return 2;
        }
        parse_list(options.batches, batches, 65536);
        parse_list(options.connections, connections, PARTITIONS);
        if (pg_connect(&conn, options.url, "bench", clock_monotonic_us() + TIMEOUT_US, &err))
                fail("connect", &err);
        exec(conn, "SELECT event_store.ensure_logs('metric', 4)");
        exec(conn,
             "DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench; CREATE TABLE bench.events "
             "(LIKE event_store.events INCLUDING ALL)");
        if (!options.json)
                (void)printf("%-8s %6s %6s %11s %11s %7s\n", "case", "batch", "conns", "append/s",
                             "limit/s", "ratio");
        for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
                for (const int *c = connections; has_word(options.cases, shapes[i].name) && *c; c++)
                        for (const int *b = batches; *b; b++)
                                measure(&options, &shapes[i], *b, *c);
        return EXIT_SUCCESS;
}
