#include "writer.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>

#include "aggregate_cache.h"
#include "append_batch.h"
#include "command_queue.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "common/store/store.h"
#include "decision.h"
#include "event_store_setup.h"

#define CONFLICTS_MAX    100 /* decisions of one command before it is answered 503 */
#define RECONNECT_US     (500 * US_PER_MS)
#define STREAM_READ_SIZE 1000 /* events read at a time while an aggregate is loaded */

struct Writer {
        const CommandConfig *config;
        Relay *relay;
        unsigned number;
        CommandQueue *queue;
        AggregateCache *cache;
        AppendBatch *batch;
        AppendResult *results;
        CommandRequest **appended; /* the requests in the batch, in order */
        DecisionScratch scratch;
        PGconn *conn;
        atomic_bool ready;
        bool away; /* PostgreSQL, and the log says so */
        pthread_t thread;
        bool running;
        Metric *appends, *append_time, *commands, *conflicts;
};

ErrorCode writer_new(Writer **ret, const CommandConfig *config, unsigned number, Relay *relay,
                     Error *err)
{
        _cleanup_(writer_freep) Writer *writer = calloc(1, sizeof *writer);
        size_t batch_max = (size_t)config->batch_commands_max;

        if (!writer)
                return error_no_memory(err);
        writer->config = config;
        writer->relay = relay;
        writer->number = number;
        writer->scratch.events.event_bytes_max = (size_t)config->event_bytes_max;
        writer->scratch.events.bytes_max = (size_t)config->command_event_bytes_max;
        writer->queue = command_queue_new((size_t)config->queue_commands_max);
        writer->cache = aggregate_cache_new((size_t)(config->cache_bytes_max / config->writers));
        writer->batch = append_batch_new();
        writer->results = calloc(batch_max, sizeof *writer->results);
        writer->appended = calloc(batch_max, sizeof(CommandRequest *));
        if (!writer->queue || !writer->cache || !writer->batch || !writer->results ||
            !writer->appended)
                return error_no_memory(err);
        writer->appends = metric_counter("skafu_appends_total", NULL, "batches appended");
        writer->append_time =
                metric_histogram("skafu_append_seconds", NULL, "time to append a batch");
        writer->commands = metric_counter("skafu_commands_appended_total", NULL,
                                          "commands whose outcome was stored");
        writer->conflicts = metric_counter("skafu_command_conflicts_total", NULL,
                                           "commands decided again after a version conflict");
        *ret = TAKE_PTR(writer);
        return ERROR_NONE;
}

void writer_free(Writer *writer)
{
        if (!writer)
                return;
        assert(!writer->running);
        command_queue_free(writer->queue);
        aggregate_cache_free(writer->cache);
        append_batch_free(writer->batch);
        decision_scratch_deinit(&writer->scratch);
        PQfinish(writer->conn);
        free(writer->appended);
        free(writer->results);
        free(writer);
}

static void drop_connection(Writer *writer)
{
        PQfinish(TAKE_PTR(writer->conn));
        atomic_store(&writer->ready, false);
        /* What was in flight may or may not have been stored. */
        aggregate_cache_clear(writer->cache);
}

/* Once per outage, however many commands it costs. */
static void log_outage(Writer *writer, const Error *err)
{
        if (!writer->away)
                log_warning("store-unavailable", "%s", err->message);
        writer->away = true;
}

static ErrorCode connect_store(Writer *writer, int64_t deadline_us, Error *err)
{
        char name[64];
        ErrorCode code;

        if (writer->conn)
                return ERROR_NONE;
        (void)snprintf(name, sizeof name, "command-svc writer %u", writer->number);
        code = pg_connect(&writer->conn, writer->config->pg_url, name, deadline_us, err);
        if (!code)
                code = event_store_setup(writer->conn, (int)writer->config->partitions, deadline_us,
                                         err);
        if (code) {
                drop_connection(writer);
                return code;
        }
        atomic_store(&writer->ready, true);
        if (writer->away)
                log_info("store-available", "writer %u is connected again", writer->number);
        writer->away = false;
        return ERROR_NONE;
}

static ErrorCode read_stream(Writer *writer, Aggregate *aggregate, const char *id,
                             int64_t deadline_us, Error *err)
{
        size_t n_events;

        do {
                _cleanup_(event_batch_freep) EventBatch *batch = NULL;
                ErrorCode code;

                code = store_read_stream(writer->conn, aggregate->type->name, id,
                                         aggregate->version, STREAM_READ_SIZE, &batch, deadline_us,
                                         err);
                for (size_t i = 0; !code && i < batch->n_events; i++)
                        code = aggregate_apply(aggregate, &batch->events[i], err);
                if (code)
                        return code;
                n_events = batch->n_events;
        } while (n_events == STREAM_READ_SIZE);
        return ERROR_NONE;
}

/* The aggregate's state, from the cache or the store. */
static ErrorCode find_aggregate(Writer *writer, const CommandRequest *request, Aggregate **ret,
                                int64_t deadline_us, Error *err)
{
        _cleanup_(aggregate_freep) Aggregate *aggregate = NULL;
        bool guess_new =
                (request->aggregate_is_new || request->type->creates) && request->conflicts == 0;
        ErrorCode code;

        *ret = aggregate_cache_find(writer->cache, request->aggregate_type, request->aggregate_id);
        if (*ret)
                return ERROR_NONE;
        aggregate = aggregate_new(request->aggregate_type);
        if (!aggregate)
                return error_no_memory(err);
        /* What a creating command names is nearly always new. The append checks that, and a wrong guess
         * is a conflict that brings the command back here; so creating costs no reading. */
        if (!guess_new) {
                code = read_stream(writer, aggregate, request->aggregate_id, deadline_us, err);
                if (code)
                        return code;
        }
        *ret = aggregate_cache_add(writer->cache, request->aggregate_id, TAKE_PTR(aggregate));
        return ERROR_NONE;
}

static void refuse_and_complete(CommandRequest *request, const Error *err)
{
        stored_events_unref(TAKE_PTR(request->outcome.events));
        command_request_refuse(request, err, 0);
        command_request_complete(request);
}

static void refuse_all(CommandRequest *list, const Error *err)
{
        while (list) {
                CommandRequest *next = list->next;

                refuse_and_complete(list, err);
                list = next;
        }
}

/* Decide one request and put it into the batch, or complete it. */
static ErrorCode decide_request(Writer *writer, CommandRequest *request, int64_t deadline_us,
                                Error *err)
{
        Aggregate *aggregate = NULL;
        int64_t decided_on;
        ErrorCode code;

        if (command_request_refuse_with_group(request)) {
                command_request_complete(request);
                return ERROR_NONE;
        }
        code = find_aggregate(writer, request, &aggregate, deadline_us, err);
        if (code == ERROR_UNAVAILABLE)
                return code;
        if (code) { /* this aggregate cannot be read: nobody else's business */
                log_error("aggregate-unreadable", "could not load %s \"%s\": %s",
                          request->aggregate_type->name, request->aggregate_id, err->message);
                err->code = ERROR_INTERNAL;
                refuse_and_complete(request, err);
                return ERROR_NONE;
        }
        decided_on = aggregate->version;
        if (decide_command(request, aggregate, &writer->scratch)) {
                writer->appended[append_batch_count(writer->batch)] = request;
                append_batch_add(writer->batch, request, decided_on);
                return ERROR_NONE;
        }
        if (request->outcome.error.code == ERROR_INTERNAL) {
                log_error("decision-failed", "%s: %s", request->type->name,
                          request->outcome.error.message);
                aggregate_cache_drop(writer->cache, request->aggregate_type, request->aggregate_id);
        }
        command_request_complete(request);
        return ERROR_NONE;
}

/* What the append said of one request; true when it has to be decided again. */
static bool settle(Writer *writer, CommandRequest *request, const AppendResult *result)
{
        CommandOutcome *outcome = &request->outcome;
        Error err;

        if (result->outcome == APPEND_STORED) {
                if (outcome->events) {
                        stored_events_place(outcome->events, result->partition,
                                            result->first_position, result->stored_at_us);
                        relay_offer(writer->relay, outcome->events);
                }
                outcome->version = result->version;
                command_request_complete(request);
                return false;
        }
        /* The state in the cache has seen events that were not stored, or is behind. */
        aggregate_cache_drop(writer->cache, request->aggregate_type, request->aggregate_id);
        stored_events_unref(TAKE_PTR(outcome->events));
        if (result->outcome == APPEND_CONFLICT) {
                metric_add(writer->conflicts, 1);
                if (++request->conflicts < CONFLICTS_MAX)
                        return true;
                (void)error_set(&err, ERROR_UNAVAILABLE, "the %s changes too fast",
                                request->aggregate_type->name);
                command_request_refuse(request, &err, 0);
        } else if (result->outcome == APPEND_KEY_REUSED) {
                (void)error_set_field(&err, ERROR_INVALID, "Idempotency-Key",
                                      "the key was used before with another command");
                command_request_refuse(request, &err, 0);
        } else {
                outcome->kind = OUTCOME_REPEATED;
        }
        command_request_complete(request);
        return false;
}

/* The batch as a list again, in order. */
static CommandRequest *batch_to_list(Writer *writer, size_t n, CommandRequest *rest)
{
        CommandRequest *list = rest;

        while (n-- > 0) {
                stored_events_unref(TAKE_PTR(writer->appended[n]->outcome.events));
                writer->appended[n]->next = list;
                list = writer->appended[n];
        }
        return list;
}

static void settle_all(Writer *writer, size_t n, CommandRequest **ret_again)
{
        CommandRequest **end = ret_again;

        metric_add(writer->appends, 1);
        metric_add(writer->commands, (int64_t)n);
        for (size_t i = 0; i < n; i++) {
                CommandRequest *request = writer->appended[i];

                if (settle(writer, request, &writer->results[i])) {
                        *end = request;
                        end = &request->next;
                }
        }
        *end = NULL;
        relay_wake(writer->relay);
}

/**
 * Decide and append everything in @list.
 *
 * Return: ERROR_NONE, with the requests to decide again in @ret_again; an error with all that are not
 *         complete there: nothing is known of them but that their command ids will tell.
 */
static ErrorCode append_list(Writer *writer, CommandRequest *list, CommandRequest **ret_again,
                             int64_t deadline_us, Error *err)
{
        int64_t started_us = clock_monotonic_us();
        size_t n;
        ErrorCode code;

        code = connect_store(writer, deadline_us, err);
        append_batch_clear(writer->batch);
        while (!code && list) {
                CommandRequest *next = list->next;

                code = decide_request(writer, list, deadline_us, err);
                if (!code)
                        list = next;
        }
        n = append_batch_count(writer->batch);
        if (!code && n > 0)
                code = append_batch_run(writer->batch, writer->conn, writer->results, deadline_us,
                                        err);
        if (code) {
                *ret_again = batch_to_list(writer, n, list);
                return code;
        }
        metric_observe_us(writer->append_time, clock_monotonic_us() - started_us);
        settle_all(writer, n, ret_again);
        return ERROR_NONE;
}

/* A transaction that met another one says nothing about the client's version: no 409. */
static void blame_store(Error *err)
{
        if (err->code == ERROR_CONFLICT)
                err->code = ERROR_UNAVAILABLE;
}

static int64_t give_up_us(const Writer *writer)
{
        return clock_monotonic_us() + writer->config->command_timeout_ms * US_PER_MS;
}

/* A batch that PostgreSQL refuses as a whole: one by one, so that only the culprit fails. */
static void append_singly(Writer *writer, CommandRequest *list)
{
        while (list) {
                CommandRequest *one = list;
                int64_t deadline_us = give_up_us(writer);
                Error err = ERROR_INIT;

                list = one->next;
                one->next = NULL;
                while (one && append_list(writer, one, &one, deadline_us, &err) == ERROR_NONE)
                        ;
                if (!one)
                        continue;
                log_error("append-failed", "could not append %s: %s", one->type->name, err.message);
                drop_connection(writer);
                blame_store(&err);
                refuse_and_complete(one, &err);
        }
}

static void process(Writer *writer, CommandRequest *list)
{
        int64_t deadline_us = give_up_us(writer);
        Backoff backoff = BACKOFF_INIT(10 * US_PER_MS, 200 * US_PER_MS);
        bool was_ready = writer_ready(writer);

        while (list) {
                Error err = ERROR_INIT;
                ErrorCode code = append_list(writer, list, &list, deadline_us, &err);

                if (!code)
                        continue;
                if (code == ERROR_INTERNAL && list) {
                        aggregate_cache_clear(writer->cache);
                        append_singly(writer, list);
                        return;
                }
                /* Whether the batch was stored is not known. The same command ids are appended again: the
                 * store answers for those it has. */
                drop_connection(writer);
                if (!was_ready || clock_monotonic_us() + 2 * backoff.first_us >= deadline_us) {
                        log_outage(writer, &err);
                        blame_store(&err);
                        refuse_all(list, &err);
                        return;
                }
                clock_wait_us(backoff_next_us(&backoff));
        }
}

/* Connect ahead of the first command, and again after an outage, so that readiness tells the truth. */
static void connect_ahead(Writer *writer)
{
        Error err = ERROR_INIT;

        if (connect_store(writer, clock_monotonic_us() + 3 * US_PER_SEC, &err))
                log_outage(writer, &err);
}

static void *run(void *data)
{
        Writer *writer = data;
        CommandRequest *list;

        connect_ahead(writer);
        while (command_queue_take(writer->queue, (size_t)writer->config->batch_commands_max,
                                  writer->conn ? -1 : RECONNECT_US, &list)) {
                if (list)
                        process(writer, list);
                else
                        connect_ahead(writer);
                aggregate_cache_trim(writer->cache);
        }
        return NULL;
}

ErrorCode writer_start(Writer *writer, Error *err)
{
        if (pthread_create(&writer->thread, NULL, run, writer) != 0)
                return error_set(err, ERROR_INTERNAL, "could not start a writer thread");
        writer->running = true;
        return ERROR_NONE;
}

void writer_stop(Writer *writer)
{
        if (!writer->running)
                return;
        command_queue_close(writer->queue);
        (void)pthread_join(writer->thread, NULL);
        writer->running = false;
}

ErrorCode writer_submit(Writer *writer, CommandRequest *request, Error *err)
{
        return command_queue_push(writer->queue, request, err);
}

bool writer_ready(const Writer *writer)
{
        return atomic_load(&writer->ready);
}
