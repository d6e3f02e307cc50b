#include "replayer.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "common/kafka/event_message.h"
#include "replay_request.h"
#include "replay_session.h"

#define PAGE_EVENTS      500
#define LOOK_EVERY_US    (1 * US_PER_SEC) /* for requests that came to other instances */
#define STORE_TIMEOUT_US (30 * US_PER_SEC)
#define KAFKA_TIMEOUT_US (10 * US_PER_SEC)
#define STALL_US         (30 * US_PER_SEC) /* so long nothing is acknowledged: others get their turn */
#define FLUSH_MS         100               /* how long a stop may have to wait */
#define PAGES_PER_SECOND 5                 /* of a replay with a rate: so often it is slowed down */

struct Replayer {
        const CommandConfig *config;
        pthread_t thread;
        bool running;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool stopping, woken;

        /* the thread's */
        ReplaySession *session;
        rd_kafka_t *producer;
        size_t failed;               /* deliveries of the page */
        rd_kafka_resp_err_t refusal; /* of one of them */
        int64_t answered_us; /* when the broker last acknowledged something, or the page began */
        Uuid interrupted;    /* the replay that could not go on: others come first */
        Buffer scratch;
        int64_t due_us; /* when a replay with a rate may publish its next page */
        Metric *published;
};

ErrorCode replayer_new(Replayer **ret, const CommandConfig *config, Error *err)
{
        _cleanup_(replayer_freep) Replayer *replayer = calloc(1, sizeof *replayer);

        if (!replayer)
                return error_no_memory(err);
        replayer->config = config;
        (void)pthread_mutex_init(&replayer->lock, NULL);
        (void)pthread_cond_init(&replayer->changed, NULL);
        replayer->published = metric_counter("skafu_events_replayed_total", NULL,
                                             "past events published again on request");
        *ret = TAKE_PTR(replayer);
        return ERROR_NONE;
}

void replayer_free(Replayer *replayer)
{
        if (!replayer)
                return;
        assert(!replayer->running);
        buffer_deinit(&replayer->scratch);
        (void)pthread_cond_destroy(&replayer->changed);
        (void)pthread_mutex_destroy(&replayer->lock);
        free(replayer);
}

static bool is_stopping(Replayer *replayer)
{
        MUTEX_GUARD(&replayer->lock);

        return replayer->stopping;
}

/* Until then, or until it is told to stop; or, when @wakes, until something was requested. */
static void wait_until(Replayer *replayer, int64_t until_us, bool wakes)
{
        struct timespec until = { .tv_sec = (time_t)(until_us / US_PER_SEC),
                                  .tv_nsec = (long)(until_us % US_PER_SEC) * 1000 };
        MUTEX_GUARD(&replayer->lock);

        while (!replayer->stopping && !(wakes && replayer->woken) &&
               clock_monotonic_us() < until_us)
                (void)pthread_cond_clockwait(&replayer->changed, &replayer->lock, CLOCK_MONOTONIC,
                                             &until);
        replayer->woken = false;
}

static void delivered(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
        Replayer *replayer = opaque;

        replayer->failed += message->err != RD_KAFKA_RESP_ERR_NO_ERROR;
        if (kafka_is_refusal(message->err))
                replayer->refusal = message->err;
        replayer->answered_us = clock_monotonic_us();
}

/* Whether waiting for the page makes no sense (any more). */
static bool gives_up(Replayer *replayer)
{
        return replayer->failed || is_stopping(replayer) ||
               rd_kafka_fatal_error(replayer->producer, NULL, 0) ||
               clock_monotonic_us() - replayer->answered_us > STALL_US;
}

static ErrorCode produce(Replayer *replayer, const Replay *replay, const Event *event, Error *err)
{
        const EventReplay mark = { .id = replay->id_text, .name = replay->name };
        ErrorCode code;

        while ((code = event_message_produce_again(replayer->producer, replay->topic, event, &mark,
                                                   &replayer->scratch, NULL, err)) ==
                       ERROR_UNAVAILABLE &&
               !gives_up(replayer))
                (void)rd_kafka_poll(replayer->producer, FLUSH_MS);
        return code;
}

/* Until the broker has everything of the page. */
static ErrorCode flush(Replayer *replayer, Error *err)
{
        while (rd_kafka_flush(replayer->producer, FLUSH_MS) && !gives_up(replayer))
                ;
        if (replayer->failed || rd_kafka_outq_len(replayer->producer) > 0)
                return error_set(err, ERROR_UNAVAILABLE,
                                 "the broker has not acknowledged all events");
        return ERROR_NONE;
}

static int page_size(const Replay *replay)
{
        int64_t size = replay->rate / PAGES_PER_SECOND;

        if (replay->rate == 0 || size > PAGE_EVENTS)
                return PAGE_EVENTS;
        return size ? (int)size : 1;
}

/* Why the broker does not take the page: a refusal, which also shows as a fatal fault, is for ever. */
static ErrorCode delivery_error(const Replayer *replayer, const Replay *replay, ErrorCode code,
                                Error *err)
{
        rd_kafka_resp_err_t fault = replayer->refusal;

        if (!fault)
                fault = rd_kafka_fatal_error(replayer->producer, NULL, 0);
        return kafka_is_refusal(fault)
                       ? error_set(err, ERROR_INVALID, "the broker refuses events for topic %s: %s",
                                   replay->topic, rd_kafka_err2str(fault))
                       : code;
}

/* @ret_running: false when somebody paused or cancelled it. */
static ErrorCode publish_page(Replayer *replayer, const Replay *replay, ReplayPartition *partition,
                              bool *ret_running, Error *err)
{
        _cleanup_(event_batch_freep) EventBatch *batch = NULL;
        ErrorCode code =
                store_read_selection(replay_session_conn(replayer->session), &replay->selection,
                                     partition->partition, &partition->position,
                                     partition->last_position, page_size(replay), &batch,
                                     clock_monotonic_us() + STORE_TIMEOUT_US, err);

        replayer->failed = 0;
        replayer->refusal = RD_KAFKA_RESP_ERR_NO_ERROR;
        replayer->answered_us = clock_monotonic_us();
        for (size_t i = 0; !code && i < batch->n_events; i++)
                code = produce(replayer, replay, &batch->events[i], err);
        if (!code)
                code = flush(replayer, err);
        if (code == ERROR_UNAVAILABLE)
                code = delivery_error(replayer, replay, code, err);
        if (!code)
                code = replay_session_note(replayer->session, replay, partition,
                                           (int64_t)batch->n_events, ret_running, err);
        if (code)
                return code;
        metric_add(replayer->published, (int64_t)batch->n_events);
        if (replay->rate > 0) {
                replayer->due_us += (int64_t)batch->n_events * US_PER_SEC / replay->rate;
                wait_until(replayer, replayer->due_us, false);
        }
        return ERROR_NONE;
}

static bool is_own_topic(const Replayer *replayer, const Replay *replay)
{
        _cleanup_(buffer_deinit) Buffer own = BUFFER_INIT;

        replay_default_topic(&own, replayer->config->topic_prefix,
                             replay->selection.aggregate_type);
        return strcmp(replay->topic, buffer_text(&own)) == 0;
}

/* Every event goes to the partition that it has in its log. The metadata is the producer's from now on. */
static ErrorCode check_partitions(Replayer *replayer, const KafkaTopic *topic, Error *err)
{
        int n = 0;
        ErrorCode code = kafka_topic_partitions(replayer->producer, topic->name, &n,
                                                clock_monotonic_us() + KAFKA_TIMEOUT_US, err);

        if (code || n >= topic->partitions)
                return code;
        return error_set(err, n && topic->keeps_partitions ? ERROR_INVALID : ERROR_UNAVAILABLE,
                         "topic %s has %d partitions, fewer than the log, which has %" PRId32,
                         topic->name, n, topic->partitions);
}

static ErrorCode ensure_producer(Replayer *replayer, const Replay *replay, Error *err)
{
        KafkaTopic topic = { .name = replay->topic,
                             .keeps_partitions = !is_own_topic(replayer, replay) };
        _cleanup_(freep) LogHead *heads = NULL;
        size_t n_heads = 0;
        ErrorCode code = store_read_heads(replay_session_conn(replayer->session),
                                          replay->selection.aggregate_type, &heads, &n_heads,
                                          clock_monotonic_us() + STORE_TIMEOUT_US, err);

        topic.partitions = (int32_t)n_heads;
        if (!code)
                code = kafka_topics_ensure(replayer->config->kafka_brokers, &topic, 1,
                                           (int)replayer->config->topic_replication,
                                           (int)replayer->config->topic_min_insync,
                                           clock_monotonic_us() + KAFKA_TIMEOUT_US, err);
        if (!code && !replayer->producer)
                code = kafka_producer_new(&replayer->producer, replayer->config->kafka_brokers,
                                          "command-svc replayer", delivered, replayer, err);
        if (!code)
                code = check_partitions(replayer, &topic, err);
        return code;
}

/* What becomes of the next positions of a log partition. */
static ErrorCode work_on(Replayer *replayer, const Replay *replay, ReplayPartition *partition,
                         bool *ret_running, Error *err)
{
        return replay->view ? replay_session_collect(replayer->session, replay, partition,
                                                     ret_running, err)
                            : publish_page(replayer, replay, partition, ret_running, err);
}

/* A page of each partition in turn, so that they go forward together, until all are at their ends. */
static ErrorCode work_through(Replayer *replayer, const Replay *replay, bool *ret_running,
                              Error *err)
{
        _cleanup_(freep) ReplayPartition *partitions = NULL;
        size_t n = 0, left;
        ErrorCode code = replay_session_partitions(replayer->session, replay, &partitions, &n, err);

        *ret_running = true;
        replayer->due_us = clock_monotonic_us();
        do {
                left = 0;
                for (size_t i = 0; !code && *ret_running && i < n; i++) {
                        if (partitions[i].position >= partitions[i].last_position)
                                continue;
                        if (is_stopping(replayer))
                                return error_set(err, ERROR_UNAVAILABLE, "stopping");
                        code = work_on(replayer, replay, &partitions[i], ret_running, err);
                        left += partitions[i].position < partitions[i].last_position;
                }
        } while (!code && *ret_running && left > 0);
        return code;
}

/* Nothing of it may be left in the producer: it would be taken for the next one's. */
static ErrorCode fail(Replayer *replayer, const Replay *replay, Error *err)
{
        log_warning("replay-failed", "replay %s: %s", replay->id_text, err->message);
        kafka_producer_free(TAKE_PTR(replayer->producer));
        return replay_session_move(replayer->session, replay, "failed", err->message, err);
}

static ErrorCode run_replay(Replayer *replayer, const Replay *replay, Error *err)
{
        bool running = true;
        ErrorCode code = replay_session_move(replayer->session, replay, "running", NULL, err);

        if (!code && !replay->view)
                code = ensure_producer(replayer, replay, err);
        if (!code) {
                log_info("replay-begins", "replay %s to %s %s", replay->id_text,
                         replay->view ? "view" : "topic",
                         replay->view ? replay->view : replay->topic);
                code = work_through(replayer, replay, &running, err);
        }
        if (code == ERROR_NONE && running && replay->view)
                code = replay_session_selected(replayer->session, replay, err);
        else if (code == ERROR_NONE && running)
                code = replay_session_move(replayer->session, replay, "done", NULL, err);
        else if (code == ERROR_INTERNAL || code == ERROR_INVALID)
                code = fail(replayer, replay, err);
        if (!code)
                log_info("replay-ends", "replay %s", replay->id_text);
        return code;
}

static void drop_connections(Replayer *replayer)
{
        replay_session_close(TAKE_PTR(replayer->session));
        kafka_producer_free(TAKE_PTR(replayer->producer));
}

/* @ret_found: whether there was one. */
static ErrorCode work(Replayer *replayer, bool *ret_found, Error *err)
{
        _cleanup_(replay_freep) Replay *replay = NULL;
        ErrorCode code = ERROR_NONE;

        if (!replayer->session)
                code = replay_session_open(&replayer->session, replayer->config->pg_url, err);
        if (!code)
                code = replay_session_take(replayer->session, &replayer->interrupted, &replay, err);
        *ret_found = replay != NULL;
        if (code || !replay)
                return code;
        code = run_replay(replayer, replay, err);
        replayer->interrupted = code ? replay->id : (Uuid){ .bytes = { 0 } };
        if (!code)
                replay_session_leave(replayer->session, replay);
        return code;
}

static void *run(void *data)
{
        Replayer *replayer = data;
        Backoff backoff = BACKOFF_INIT(100 * US_PER_MS, 5 * US_PER_SEC);

        while (!is_stopping(replayer)) {
                Error err = ERROR_INIT;
                bool found = false;

                if (work(replayer, &found, &err)) {
                        if (!is_stopping(replayer))
                                log_warning("replay-interrupted", "%s", err.message);
                        drop_connections(replayer);
                        wait_until(replayer, clock_monotonic_us() + backoff_next_us(&backoff),
                                   false);
                        continue;
                }
                backoff_reset(&backoff);
                if (!found) {
                        kafka_producer_free(TAKE_PTR(replayer->producer));
                        wait_until(replayer, clock_monotonic_us() + LOOK_EVERY_US, true);
                }
        }
        drop_connections(replayer);
        return NULL;
}

ErrorCode replayer_start(Replayer *replayer, Error *err)
{
        if (pthread_create(&replayer->thread, NULL, run, replayer) != 0)
                return error_set(err, ERROR_INTERNAL, "could not start the replayer's thread");
        replayer->running = true;
        return ERROR_NONE;
}

void replayer_stop(Replayer *replayer)
{
        if (!replayer->running)
                return;
        pthread_mutex_lock(&replayer->lock);
        replayer->stopping = true;
        pthread_cond_signal(&replayer->changed);
        pthread_mutex_unlock(&replayer->lock);
        (void)pthread_join(replayer->thread, NULL);
        replayer->running = false;
}

void replayer_wake(Replayer *replayer)
{
        MUTEX_GUARD(&replayer->lock);

        replayer->woken = true;
        (void)pthread_cond_signal(&replayer->changed);
}
