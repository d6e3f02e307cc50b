/*
 * bench_upserts.c — the limit of a projection: the rows that views get from the events of an event store, written
 * by plain batched upserts, INSERT … SELECT FROM unnest() ON CONFLICT DO UPDATE, into tables with the same columns
 * and indexes. Nothing else is done while the time runs: everything is read, folded and encoded before.
 *
 * usage: bench-upserts --pg-url URL --schema-file FILE [--batch N]
 * URL names a database with an event store, as its owner. One connection per view, all at once, none waits for the
 * disk. Prints {"seconds":…,"rows":…,"batches":…}.
 */

#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "common/domain/row_fold.h"
#include "common/model/model_ddl.h"
#include "common/model/sql_text.h"
#include "common/pg/pg_params.h"
#include "common/store/store.h"
#include "view.h"

#define TIMEOUT_US  (600 * US_PER_SEC)
#define VIEWS_MAX   64
#define FEEDS_MAX   256
#define CHANGES_MAX 16 /* row changes of an event in one view, on average over a batch */
#define SCHEMA      "bench"

typedef struct Source {
        const AggregateType *aggregate;
        int32_t partition;
        int64_t position;
} Source;

typedef struct Target {
        View *view;
        char *sql;
        PgParams **batches;
        size_t n_batches, capacity;
        size_t n_rows;
        PGconn *conn;
        pthread_t thread;
} Target;

/* What one batch is made from. */
typedef struct Maker {
        PGconn *conn;
        size_t batch_events;
        Target *target;
        Source sources[FEEDS_MAX];
        size_t n_sources;
        EventProjection projection;
        RowFold *fold; /* all rows of the view */
        RowChanges *changes;
        const char **owners; /* by change: the aggregate */
        Arena texts;
} Maker;

static void *need_memory(void *memory)
{
        if (!memory)
                abort();
        return memory;
}

__attribute__((noreturn)) static void fail(const char *what, const Error *err)
{
        (void)fprintf(stderr, "bench-upserts: %s: %s\n", what, err->message);
        exit(EXIT_FAILURE); /* NOLINT(concurrency-mt-unsafe): nothing is worth cleaning up */
}

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + TIMEOUT_US;
}

static void exec(PGconn *conn, const char *sql)
{
        Error err = ERROR_INIT;

        if (pg_exec(conn, sql, NULL, NULL, deadline_us(), "prepare", &err))
                fail(sql, &err);
}

static PGconn *open_session(const char *url)
{
        Error err = ERROR_INIT;
        PGconn *conn;

        if (pg_connect(&conn, url, "bench-upserts", deadline_us(), &err))
                fail(url, &err);
        exec(conn, "SET synchronous_commit = off");
        return conn;
}

static const Field *column_field(const Model *model, const char *name)
{
        for (size_t i = 0; i < model->n_fields; i++)
                if (strcmp(model->fields[i].name, name) == 0)
                        return &model->fields[i];
        return NULL;
}

static char *upsert_sql(const View *view)
{
        Buffer sql = BUFFER_INIT;

        buffer_append_string(&sql, "INSERT INTO " SCHEMA ".");
        sql_quote_name(&sql, view->model->view);
        buffer_append_string(&sql, " SELECT * FROM unnest(");
        for (size_t c = 0; c < view->n_columns; c++)
                buffer_printf(&sql, "$%zu::text[]::%s[], ", c + 1,
                              model_column_type(column_field(view->model, view->columns[c].name)));
        buffer_printf(
                &sql,
                "$%zu::text[], $%zu::int8[]) ON CONFLICT (\"id\", \"_aggregate\") DO UPDATE SET ",
                view->n_columns + 1, view->n_columns + 2);
        for (size_t c = 1; c < view->n_columns; c++) {
                sql_quote_name(&sql, view->columns[c].name);
                buffer_append_string(&sql, " = excluded.");
                sql_quote_name(&sql, view->columns[c].name);
                buffer_append_string(&sql, ", ");
        }
        buffer_append_string(&sql, "\"_sequence\" = excluded.\"_sequence\"");
        return buffer_take(&sql);
}

static void make_table(PGconn *conn, const View *view)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;

        buffer_append_string(&sql, "DROP TABLE IF EXISTS " SCHEMA ".");
        sql_quote_name(&sql, view->model->view);
        buffer_append_string(&sql, ";\n");
        model_ddl(&sql, view->schema, view->model, SCHEMA);
        buffer_append_string(&sql, "CREATE INDEX ON " SCHEMA "."); /* as repair_sql_index() */
        sql_quote_name(&sql, view->model->view);
        buffer_append_string(&sql, " (\"_aggregate\") WHERE \"id\" <> \"_aggregate\"");
        exec(conn, sql.data);
}

/* ---- what is to be written --------------------------------------------------------------------- */

static void find_sources(Maker *maker)
{
        const View *view = maker->target->view;
        Error err = ERROR_INIT;

        for (size_t a = 0; a < view->n_aggregates; a++) {
                _cleanup_(freep) LogHead *heads = NULL;
                size_t n = 0;

                if (store_read_heads(maker->conn, view->aggregates[a]->name, &heads, &n,
                                     deadline_us(), &err))
                        fail("heads", &err);
                for (size_t i = 0; i < n && maker->n_sources < FEEDS_MAX; i++)
                        maker->sources[maker->n_sources++] =
                                (Source){ .aggregate = view->aggregates[a],
                                          .partition = heads[i].partition };
        }
}

static void add_row(Maker *maker, PgParams *params, const FoldRow *row)
{
        int n_columns = (int)maker->target->view->n_columns;

        for (int c = 0; c < n_columns; c++)
                pg_array_text(params, c, row->values[c]);
        pg_array_text(params, n_columns, row->aggregate);
        pg_array_int(params, n_columns + 1, row->sequence);
        maker->target->n_rows++;
}

/* Each row that the batch changed, once, as the batch leaves it. */
static void end_batch(Maker *maker)
{
        Target *target = maker->target;
        PgParams *params = pg_params_new();
        size_t before = target->n_rows;

        for (size_t c = 0; c < target->view->n_columns + 1; c++)
                (void)pg_params_array(params, PG_ARRAY_TEXT);
        (void)pg_params_array(params, PG_ARRAY_INT8);
        for (size_t i = 0; i < row_changes_count(maker->changes); i++) {
                FoldRow row;

                if (row_fold_find(maker->fold, row_changes_at(maker->changes, i)->id,
                                  maker->owners[i], &row) &&
                    row.present && row.last_change == i)
                        add_row(maker, params, &row);
        }
        row_changes_clear(maker->changes);
        arena_clear(&maker->texts);
        if (target->n_rows == before) {
                pg_params_free(params);
                return;
        }
        if (target->n_batches == target->capacity) {
                target->capacity = target->capacity ? 2 * target->capacity : 64;
                target->batches = need_memory(
                        realloc(target->batches, target->capacity * sizeof *target->batches));
        }
        target->batches[target->n_batches++] = params;
}

static void fold_event(Maker *maker, const Source *source, const Event *event)
{
        size_t first = row_changes_count(maker->changes), n;
        Error err = ERROR_INIT;

        if (event_project(&maker->projection, source->aggregate, event,
                          maker->target->view->model->name, maker->changes, &err))
                fail("project", &err);
        n = row_changes_count(maker->changes) - first;
        if (n == 0)
                return;
        if (first + n > maker->batch_events * CHANGES_MAX)
                fail("too many changes of one batch", &err);
        for (size_t i = first; i < first + n; i++)
                maker->owners[i] = arena_copy(&maker->texts, event->aggregate_id);
        if (row_fold_apply(maker->fold, event, maker->changes, first, n, &err))
                fail("fold", &err);
}

/* The next events of one log partition; how many there were. */
static size_t read_source(Maker *maker, Source *source)
{
        _cleanup_(event_batch_freep) EventBatch *events = NULL;
        int limit = (int)(maker->batch_events / maker->n_sources);
        Error err = ERROR_INIT;

        if (store_read_log(maker->conn, source->aggregate->name, source->partition,
                           source->position, limit ? limit : 1, &events, deadline_us(), &err))
                fail("read", &err);
        for (size_t i = 0; i < events->n_events; i++) {
                fold_event(maker, source, &events->events[i]);
                source->position = events->events[i].position;
        }
        return events->n_events;
}

static void make_batches(PGconn *conn, Target *target, size_t batch_events)
{
        Maker maker = { .conn = conn,
                        .batch_events = batch_events,
                        .target = target,
                        .projection = EVENT_PROJECTION_INIT,
                        .fold = row_fold_new(target->view->columns, target->view->n_columns),
                        .changes = row_changes_new(),
                        .owners = need_memory(
                                calloc(batch_events * CHANGES_MAX, sizeof *maker.owners)),
                        .texts = ARENA_INIT };
        size_t n;

        find_sources(&maker);
        do {
                n = 0;
                for (size_t i = 0; i < maker.n_sources; i++)
                        n += read_source(&maker, &maker.sources[i]);
                end_batch(&maker);
        } while (n > 0);
        arena_deinit(&maker.texts);
        free(maker.owners);
        row_changes_free(maker.changes);
        row_fold_free(maker.fold);
        event_projection_deinit(&maker.projection);
}

/* ---- writing it -------------------------------------------------------------------------------- */

static void *write_rows(void *data)
{
        Target *target = data;
        Error err = ERROR_INIT;

        for (size_t i = 0; i < target->n_batches; i++)
                if (pg_exec_prepared(target->conn, "upsert", target->sql, target->batches[i], NULL,
                                     deadline_us(), "upsert", &err))
                        fail("upsert", &err);
        return NULL;
}

static void run(Target *targets, size_t n)
{
        int64_t begun_us = clock_monotonic_us();
        size_t rows = 0, batches = 0;

        for (size_t i = 0; i < n; i++)
                if (pthread_create(&targets[i].thread, NULL, write_rows, &targets[i]) != 0)
                        abort();
        for (size_t i = 0; i < n; i++) {
                (void)pthread_join(targets[i].thread, NULL);
                rows += targets[i].n_rows;
                batches += targets[i].n_batches;
        }
        (void)printf("{\"seconds\":%.3f,\"rows\":%zu,\"batches\":%zu}\n",
                     (double)(clock_monotonic_us() - begun_us) / US_PER_SEC, rows, batches);
}

int main(int argc, char **argv)
{
        static const struct option options[] = { { "pg-url", required_argument, NULL, 'u' },
                                                 { "schema-file", required_argument, NULL, 's' },
                                                 { "batch", required_argument, NULL, 'b' },
                                                 { 0 } };
        const char *url = NULL, *file = NULL;
        size_t batch_events = 2000;
        Schema *schema = NULL;
        Target targets[VIEWS_MAX] = { 0 };
        size_t n = 0;
        Error err = ERROR_INIT;
        PGconn *conn;

        /* NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet */
        for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                if (c == 'u')
                        url = optarg;
                else if (c == 's')
                        file = optarg;
                else if (c == 'b')
                        batch_events = strtoul(optarg, NULL, 10);
                else
                        return 2;
        }
        if (!url || !file || batch_events == 0) {
                (void)fprintf(stderr,
                              "usage: bench-upserts --pg-url URL --schema-file FILE [--batch N]\n");
                return 2;
        }
        conn = open_session(url);
        if (schema_load(&schema, file, &err))
                fail(file, &err);
        exec(conn, "CREATE SCHEMA IF NOT EXISTS " SCHEMA);
        for (size_t i = 0; i < schema->n_models && n < VIEWS_MAX; i++) {
                Target *target = &targets[n++];

                if (view_new(&target->view, schema, schema->models[i], &err))
                        fail("view", &err);
                make_table(conn, target->view);
                target->sql = upsert_sql(target->view);
                target->conn = open_session(url);
                make_batches(conn, target, batch_events);
        }
        exec(conn, "CHECKPOINT");
        run(targets, n);
        return 0;
}
