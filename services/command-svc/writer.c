#include "writer.h"

#include <assert.h>
#include <stdlib.h>

#include "aggregates.h"
#include "append_batch.h"
#include "command_queue.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "common/store/command_steps.h"
#include "decision.h"
#include "writer_session.h"

#define RECONNECT_US (500 * US_PER_MS)

struct Writer {
        const CommandConfig *config;
        Relay *relay;
        CommandQueue *queue;
        Aggregates *aggregates;
        AppendBatch *batch;
        AppendResult *results;
        CommandRequest **appended; /* the requests in the batch, in order */
        CommandRequest *postponed; /* whose aggregates are not read to the end yet */
        CommandRequest **postponed_end;
        DecisionScratch scratch;
        WriterSession *session;
        pthread_t thread;
        bool running;
        Metric *appends, *append_time, *commands, *conflicts;
};

ErrorCode writer_new(Writer **ret, const CommandConfig *config, unsigned number, Relay *relay,
                     SnapshotWriter *snapshots, Error *err)
{
        _cleanup_(writer_freep) Writer *writer = calloc(1, sizeof *writer);
        size_t batch_max = (size_t)config->batch_commands_max;

        if (!writer)
                return error_no_memory(err);
        writer->config = config;
        writer->relay = relay;
        writer->session = writer_session_new(config, number);
        writer->scratch.events.event_bytes_max = (size_t)config->event_bytes_max;
        writer->scratch.events.bytes_max = (size_t)config->command_event_bytes_max;
        writer->queue = command_queue_new((size_t)config->queue_commands_max);
        writer->postponed_end = &writer->postponed;
        writer->batch = append_batch_new();
        writer->results = calloc(batch_max, sizeof *writer->results);
        writer->appended = calloc(batch_max, sizeof(CommandRequest *));
        if (!writer->session || !writer->queue || !writer->batch || !writer->results ||
            !writer->appended)
                return error_no_memory(err);
        if (aggregates_new(&writer->aggregates, config, snapshots, err))
                return ERROR_INTERNAL;
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
        aggregates_free(writer->aggregates);
        append_batch_free(writer->batch);
        decision_scratch_deinit(&writer->scratch);
        writer_session_free(writer->session);
        free(writer->appended);
        free(writer->results);
        free(writer);
}

static void drop_connection(Writer *writer)
{
        writer_session_drop(writer->session);
        /* What was in flight may or may not have been stored. */
        aggregates_clear(writer->aggregates);
}

static ErrorCode connect_store(Writer *writer, int64_t deadline_us, Error *err)
{
        ErrorCode code = writer_session_open(writer->session, deadline_us, err);

        if (code)
                aggregates_clear(writer->aggregates);
        return code;
}

static void refuse_all(CommandRequest *list, const Error *err)
{
        while (list) {
                CommandRequest *next = list->next;

                command_request_give_up(list, err);
                list = next;
        }
}

/* There are other commands too: this one's aggregate is read on in the next round, up to a time. */
static void postpone(Writer *writer, CommandRequest *request)
{
        int64_t now_us = clock_monotonic_us();
        Error err;

        if (request->give_up_us == 0)
                request->give_up_us = now_us + writer->config->command_timeout_ms * US_PER_MS;
        if (now_us < request->give_up_us) {
                request->next = NULL;
                *writer->postponed_end = request;
                writer->postponed_end = &request->next;
                return;
        }
        (void)error_set(&err, ERROR_UNAVAILABLE,
                        "the %s has many events, which are being read; send the command again",
                        request->aggregate_type->name);
        command_request_give_up(request, &err);
}

/* Those that wait for their aggregates, behind @end. */
static void take_postponed(Writer *writer, CommandRequest **end)
{
        *end = writer->postponed;
        writer->postponed = NULL;
        writer->postponed_end = &writer->postponed;
}

/* Decide one request and put it into the batch, postpone it, or complete it. */
static ErrorCode decide_request(Writer *writer, CommandRequest *request, int64_t deadline_us,
                                Error *err)
{
        CachedAggregate *cached = NULL;
        int64_t decided_on;
        ErrorCode code;

        atomic_store(&request->decided_us, 0);
        if (command_request_refuse_with_group(request)) {
                command_request_complete(request);
                return ERROR_NONE;
        }
        atomic_store(&request->decided_us, 0);
        code = aggregates_find(writer->aggregates, writer_session_conn(writer->session), request,
                               &cached, deadline_us, err);
        if (!code && request->aggregate_is_new && cached->aggregate->version > 0) {
                command_request_take_another_id(request, writer->config->partitions);
                code = aggregates_find(writer->aggregates, writer_session_conn(writer->session),
                                       request, &cached, deadline_us, err);
        }
        if (code == ERROR_UNAVAILABLE)
                return code;
        if (code) { /* this aggregate cannot be read: nobody else's business */
                log_error("aggregate-unreadable", "could not load %s \"%s\": %s",
                          request->aggregate_type->name, request->aggregate_id, err->message);
                err->code = ERROR_INTERNAL;
                command_request_give_up(request, err);
                return ERROR_NONE;
        }
        if (cached->behind) {
                postpone(writer, request);
                return ERROR_NONE;
        }
        decided_on = cached->aggregate->version;
        if (decide_command(request, cached->aggregate, &writer->scratch)) {
                atomic_store(&request->decided_us, clock_now_us());
                cached->unstored |= request->outcome.events != NULL;
                writer->appended[append_batch_count(writer->batch)] = request;
                append_batch_add(writer->batch, request,
                                 cached->partition >= 0 ? cached->partition : request->partition,
                                 decided_on);
                return ERROR_NONE;
        }
        if (request->outcome.error.code == ERROR_INTERNAL) {
                log_error("decision-failed", "%s: %s", request->type->name,
                          request->outcome.error.message);
                aggregates_drop(writer->aggregates, request);
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
                        aggregates_note_stored(writer->aggregates, request, result);
                }
                outcome->version = result->version;
                outcome->recorded = true;
                command_request_complete(request);
                return false;
        }
        stored_events_unref(TAKE_PTR(outcome->events));
        aggregates_note_not_stored(writer->aggregates, request, result);
        if (result->outcome == APPEND_CONFLICT) {
                metric_add(writer->conflicts, 1);
                if (command_step_retries(STEP_DECIDED, ERROR_CONFLICT, ++request->conflicts))
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

        metric_add(writer->appends, n > 0);
        metric_add(writer->commands, (int64_t)n);
        for (size_t i = 0; i < n; i++) {
                CommandRequest *request = writer->appended[i];

                if (settle(writer, request, &writer->results[i])) {
                        *end = request;
                        end = &request->next;
                }
        }
        take_postponed(writer, end);
        relay_wake(writer->relay);
        aggregates_review(writer->aggregates);
}

/**
 * Decide and append what is in @list, as much as a batch may hold.
 *
 * Return: ERROR_NONE, with the requests to decide, or to decide again, in @ret_again; an error with all that are not
 *         complete there: nothing is known of them but that their command ids will tell.
 */
static ErrorCode append_list(Writer *writer, CommandRequest *list, CommandRequest **ret_again,
                             int64_t deadline_us, Error *err)
{
        size_t bytes_max = (size_t)writer->config->batch_bytes_max;
        int64_t started_us = clock_monotonic_us();
        size_t n;
        ErrorCode code;

        code = connect_store(writer, deadline_us, err);
        append_batch_clear(writer->batch);
        aggregates_begin(writer->aggregates);
        while (!code && list && append_batch_bytes(writer->batch) < bytes_max) {
                CommandRequest *next = list->next;

                code = decide_request(writer, list, deadline_us, err);
                if (!code)
                        list = next;
        }
        *writer->postponed_end = list; /* what has found no room comes behind them */
        n = append_batch_count(writer->batch);
        if (!code && n > 0)
                code = append_batch_run(writer->batch, writer_session_conn(writer->session),
                                        writer->results, deadline_us, err);
        if (code) {
                CommandRequest *rest = NULL;

                take_postponed(writer, &rest);
                *ret_again = batch_to_list(writer, n, rest);
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
                command_request_give_up(one, &err);
        }
}

/* What is not done yet, and behind it as much of what has come since as a batch may hold. */
static CommandRequest *join_queued(Writer *writer, CommandRequest *list)
{
        size_t room = (size_t)writer->config->batch_commands_max;
        CommandRequest **end;

        for (end = &list; *end; end = &(*end)->next)
                room--;
        if (room > 0)
                (void)command_queue_take(writer->queue, room, 0, end);
        return list;
}

static void process(Writer *writer, CommandRequest *list)
{
        int64_t deadline_us = give_up_us(writer);
        Backoff backoff = command_step_backoff(STEP_STORED);
        bool was_ready = writer_ready(writer);

        while (list) {
                Error err = ERROR_INIT;
                ErrorCode code = append_list(writer, list, &list, deadline_us, &err);

                if (!code) {
                        if (list) {
                                list = join_queued(writer, list);
                                deadline_us = give_up_us(writer);
                        }
                        continue;
                }
                if (list && !command_step_retries(STEP_STORED, code, 0)) {
                        aggregates_clear(writer->aggregates);
                        append_singly(writer, list);
                        return;
                }
                /* Whether the batch was stored is not known. The same command ids are appended again: the
                 * store answers for those it has. */
                drop_connection(writer);
                if (!was_ready || clock_monotonic_us() + 2 * backoff.first_us >= deadline_us) {
                        writer_session_note_outage(writer->session, &err);
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
                writer_session_note_outage(writer->session, &err);
}

static void *run(void *data)
{
        Writer *writer = data;
        CommandRequest *list;

        connect_ahead(writer);
        while (command_queue_take(writer->queue, (size_t)writer->config->batch_commands_max,
                                  writer_session_conn(writer->session) ? -1 : RECONNECT_US,
                                  &list)) {
                if (list)
                        process(writer, list);
                else
                        connect_ahead(writer);
                aggregates_trim(writer->aggregates);
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
        return writer_session_ready(writer->session);
}
