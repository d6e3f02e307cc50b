#include "relay.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "common/domain/aggregate.h"
#include "common/kafka/kafka.h"
#include "common/store/command_steps.h"
#include "relay_feed.h"
#include "relay_log.h"
#include "relay_session.h"

#define NOTE_EVERY_US       (100 * US_PER_MS) /* how much a crash makes us publish again */
#define STALLED_AFTER_US    (5 * US_PER_SEC) /* no acknowledgement for this long: the broker is away */
#define KAFKA_TIMEOUT_US    (5 * US_PER_SEC)

#define FLUSH_SLICE_MS      20 /* then there may be something else to do */
#define GATHER_PER_EVENT_US 500
#define GATHER_MAX_US       (20 * US_PER_MS)
#define GATHER_EVENTS_MAX   500

struct Relay {
        const CommandConfig *config;
        RelayLog *logs; /* those of one aggregate type stand together, by partition */
        size_t n_logs;
        size_t partitions;

        int wake_fd; /* eventfd: offers, stop */
        pthread_t thread;
        bool running;
        atomic_bool stopping;
        bool stop_refreshed; /* the relay's: it has looked at leases and heads since it was told to stop */
        _Atomic int64_t stop_deadline_us;

        /* the relay thread's */
        RelaySession *session;
        rd_kafka_t *producer;
        bool failed; /* a message was not delivered: begin again from what is acknowledged */
        bool topics_ready;
        int64_t refresh_due_us, note_due_us, retry_due_us, progress_us, gathering_until_us;
        Backoff backoff;
        Buffer scratch;

        atomic_bool connected;
        _Atomic int64_t backlog;
        Metric *published, *publish_time, *backlog_gauge, *restarts;
};

ErrorCode relay_new(Relay **ret, const CommandConfig *config, Error *err)
{
        _cleanup_(relay_freep) Relay *relay = calloc(1, sizeof *relay);
        size_t n_types = 0, share;

        if (!relay)
                return error_no_memory(err);
        relay->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (relay->wake_fd < 0)
                return error_set(err, ERROR_INTERNAL, "could not make an eventfd");
        relay->config = config;
        relay->partitions = (size_t)config->partitions;
        relay->backoff = command_step_backoff(STEP_PUBLISHED);
        while (domain_aggregates[n_types])
                n_types++;
        if (n_types == 0)
                return error_set(err, ERROR_INTERNAL, "the domain has no aggregate");
        relay->logs = calloc(n_types * relay->partitions, sizeof *relay->logs);
        if (!relay->logs)
                return error_no_memory(err);
        /* half of it for offers, half for what the producer has */
        share = (size_t)config->relay_queue_bytes_max / 2 / (n_types * relay->partitions);
        for (size_t t = 0; t < n_types; t++)
                for (size_t p = 0; p < relay->partitions; p++)
                        relay_log_init(&relay->logs[relay->n_logs++], domain_aggregates[t]->name,
                                       (int32_t)p, config->topic_prefix, share);
        relay->published = metric_counter("skafu_events_published_total", NULL,
                                          "events acknowledged by the broker");
        relay->publish_time = metric_histogram("skafu_publish_seconds", NULL,
                                               "commit to the broker's acknowledgement, sampled");
        relay->backlog_gauge = metric_gauge("skafu_relay_backlog_events", NULL,
                                            "committed events that wait for the broker");
        relay->restarts = metric_counter("skafu_relay_restarts_total", NULL,
                                         "times the producer was replaced after a failure");
        *ret = TAKE_PTR(relay);
        return ERROR_NONE;
}

void relay_free(Relay *relay)
{
        if (!relay)
                return;
        assert(!relay->running);
        for (size_t i = 0; i < relay->n_logs; i++)
                relay_log_deinit(&relay->logs[i]);
        free(relay->logs);
        buffer_deinit(&relay->scratch);
        if (relay->wake_fd >= 0)
                (void)close(relay->wake_fd);
        free(relay);
}

static bool is_behind(const RelayLog *log)
{
        return atomic_load(&log->committed) - log->produced >= GATHER_EVENTS_MAX;
}

/* A report for every message: those of one log come in order, so counting is enough. */
static void delivered(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
        Relay *relay = opaque;
        RelayLog *log = message->_private;

        relay_log_note_reported(log, message->len);
        if (relay->failed)
                return;
        if (message->err) {
                log_warning("publish-failed", "%s partition %" PRId32 ": %s", log->topic,
                            log->partition, rd_kafka_err2str(message->err));
                relay->failed = true;
                return;
        }
        relay_log_acknowledge(log, clock_now_us());
        relay->progress_us = clock_monotonic_us();
        backoff_reset(&relay->backoff);
        metric_add(relay->published, 1);
        if (log->sampled && log->acknowledged >= log->sampled) {
                metric_observe_us(relay->publish_time, clock_now_us() - log->sampled_stored_us);
                log->sampled = 0;
        }
        if (log->acknowledged == log->produced && is_behind(log))
                rd_kafka_yield(
                        producer); /* out of publish()'s flush: there is something to hand over */
}

static void lose_leases(Relay *relay)
{
        for (size_t i = 0; i < relay->n_logs; i++) {
                atomic_store(&relay->logs[i].leased, false);
                relay_log_drop_offers(&relay->logs[i]);
        }
}

static void drop_producer(Relay *relay)
{
        relay->failed = true; /* reports of purged messages mean nothing */
        kafka_producer_free(TAKE_PTR(relay->producer));
        relay->failed = false;
        for (size_t i = 0; i < relay->n_logs; i++) {
                relay->logs[i].produced = relay->logs[i].acknowledged;
                relay->logs[i].queued_bytes = 0;
        }
}

static void drop_session(Relay *relay)
{
        relay_session_close(TAKE_PTR(relay->session));
        lose_leases(relay);
        drop_producer(relay);
}

static ErrorCode ensure_topics(Relay *relay, Error *err)
{
        _cleanup_(freep) KafkaTopic *topics = calloc(relay->n_logs, sizeof *topics);
        size_t n = 0;
        ErrorCode code;

        if (!topics)
                return error_no_memory(err);
        for (size_t i = 0; i < relay->n_logs; i += relay->partitions)
                topics[n++] = (KafkaTopic){ relay->logs[i].topic, (int32_t)relay->partitions };
        code = kafka_topics_ensure(relay->config->kafka_brokers, topics, n,
                                   (int)relay->config->topic_replication,
                                   (int)relay->config->topic_min_insync,
                                   clock_monotonic_us() + KAFKA_TIMEOUT_US, err);
        relay->topics_ready = !code;
        return code;
}

static ErrorCode ensure_producer(Relay *relay, Error *err)
{
        ErrorCode code;

        if (relay->producer)
                return ERROR_NONE;
        code = relay->topics_ready ? ERROR_NONE : ensure_topics(relay, err);
        if (!code)
                code = kafka_group_producer_new(&relay->producer, relay->config->kafka_brokers,
                                                "command-svc", delivered, relay, err);
        if (code)
                return code;
        relay->progress_us = clock_monotonic_us();
        return ERROR_NONE;
}

static ErrorCode ensure_session(Relay *relay, Error *err)
{
        if (relay->session)
                return ERROR_NONE;
        relay->refresh_due_us = 0;
        return relay_session_open(&relay->session, relay->config->pg_url, err);
}

/* How long the next group gathers, counted from the hand-over of this one: not at all while events are
 * few, so that each goes out at once, and longer the more there are: a request costs the broker far more
 * than an event in it. A group that fills its window had no need to wait. */
static int64_t gather_us(int n_events)
{
        int64_t gather = (int64_t)n_events * GATHER_PER_EVENT_US;

        if (n_events >= GATHER_EVENTS_MAX)
                return 0;
        return gather < GATHER_MAX_US ? gather : GATHER_MAX_US;
}

/* Hand over what is committed: of each log that has nothing under way, or only of those that are behind. */
static ErrorCode feed_logs(Relay *relay, bool only_behind, Error *err)
{
        const RelayFeed feed = { relay->producer, relay_session_conn(relay->session),
                                 relay->config->relay_window_events, &relay->scratch };
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && i < relay->n_logs; i++) {
                RelayLog *log = &relay->logs[i];

                if (atomic_load(&log->leased) && log->produced == log->acknowledged &&
                    (!only_behind || is_behind(log)))
                        code = relay_feed(&feed, log, err);
        }
        return code;
}

/* One group at a time, as with commits: what is committed while the broker has one is the next. So there
 * is one request for each partition, and none that waits in the client, which would spin meanwhile. A log
 * that is behind needs no gathering: its next group is read while the broker has those of others. */
static ErrorCode publish(Relay *relay, Error *err)
{
        bool is_idle = rd_kafka_outq_len(relay->producer) == 0;
        int64_t now_us = clock_monotonic_us();
        ErrorCode code;

        if (is_idle && now_us < relay->gathering_until_us)
                clock_wait_us(relay->gathering_until_us - now_us);
        now_us = clock_monotonic_us();
        code = feed_logs(relay, !is_idle, err);
        if (is_idle)
                relay->gathering_until_us = now_us + gather_us(rd_kafka_outq_len(relay->producer));
        /* Sends now, without lingering, and serves the reports. */
        if (rd_kafka_outq_len(relay->producer) > 0)
                (void)rd_kafka_flush(relay->producer, FLUSH_SLICE_MS);
        return code;
}

static int64_t count_backlog(Relay *relay)
{
        int64_t backlog = 0;

        for (size_t i = 0; i < relay->n_logs; i++)
                if (atomic_load(&relay->logs[i].leased))
                        backlog += atomic_load(&relay->logs[i].committed) -
                                   relay->logs[i].acknowledged;
        atomic_store(&relay->backlog, backlog);
        metric_set(relay->backlog_gauge, backlog);
        return backlog;
}

static ErrorCode work(Relay *relay, Error *err)
{
        int64_t now_us = clock_monotonic_us();
        bool stopping = atomic_load(&relay->stopping);
        ErrorCode code = ensure_session(relay, err);

        if (!code && (now_us >= relay->refresh_due_us || (stopping && !relay->stop_refreshed))) {
                code = relay_session_refresh(relay->session, relay->logs, relay->n_logs, err);
                relay->refresh_due_us = now_us + relay->config->relay_poll_ms * US_PER_MS;
                relay->stop_refreshed = stopping && !code;
        }
        /* After the store: how much waits is known also while the broker is away. */
        if (!code) {
                (void)count_backlog(relay);
                code = ensure_producer(relay, err);
        }
        if (!code)
                code = publish(relay, err);
        if (!code && now_us >= relay->note_due_us) {
                code = relay_session_note(relay->session, relay->logs, relay->n_logs, err);
                relay->note_due_us = now_us + NOTE_EVERY_US;
        }
        return code;
}

/* After an error or a failed delivery: begin again from what is acknowledged. */
static void recover(Relay *relay, const Error *err)
{
        char reason[256];

        if (relay->failed) /* it may be the topic that is gone */
                relay->topics_ready = false;
        if (err->code) {
                log_warning("relay-interrupted", "%s", err->message);
                drop_session(relay);
                relay->retry_due_us = clock_monotonic_us() + backoff_next_us(&relay->backoff);
                atomic_store(&relay->connected, false);
                return;
        }
        if (!relay->failed && !rd_kafka_fatal_error(relay->producer, reason, sizeof reason))
                return;
        log_warning("producer-replaced", "publishing begins again from what is acknowledged");
        metric_add(relay->restarts, 1);
        drop_producer(relay);
        relay->retry_due_us = clock_monotonic_us() + backoff_next_us(&relay->backoff);
}

static void wait_for_work(Relay *relay)
{
        struct pollfd fd = { .fd = relay->wake_fd, .events = POLLIN };
        uint64_t count;
        int64_t timeout_ms = relay->config->relay_poll_ms;

        if (relay->retry_due_us) {
                timeout_ms = (relay->retry_due_us - clock_monotonic_us()) / US_PER_MS + 1;
                timeout_ms = timeout_ms > 0 ? timeout_ms : 0;
        }
        if (poll(&fd, 1, (int)timeout_ms) > 0)
                (void)!read(relay->wake_fd, &count, sizeof count);
}

/* Then publish() waits for the reports, and nothing else wakes us for them. */
static bool is_publishing(const Relay *relay)
{
        return !relay->retry_due_us && relay->producer && rd_kafka_outq_len(relay->producer) > 0;
}

static bool finished(Relay *relay)
{
        /* Counted anew, and after a look at the leases: it may be stopped before it had any. */
        return atomic_load(&relay->stopping) &&
               ((relay->stop_refreshed && count_backlog(relay) == 0) ||
                clock_monotonic_us() >= atomic_load(&relay->stop_deadline_us));
}

static void update_connected(Relay *relay)
{
        bool stalled = atomic_load(&relay->backlog) > 0 &&
                       clock_monotonic_us() - relay->progress_us > STALLED_AFTER_US;

        if (atomic_load(&relay->backlog) == 0) {
                relay->progress_us = clock_monotonic_us();
                if (!relay->failed)
                        backoff_reset(&relay->backoff);
        }
        atomic_store(&relay->connected, !stalled);
}

static void *run(void *data)
{
        Relay *relay = data;

        do {
                Error err = ERROR_INIT;

                if (clock_monotonic_us() >= relay->retry_due_us) {
                        relay->retry_due_us = 0;
                        if (work(relay, &err) == ERROR_NONE)
                                update_connected(relay);
                        recover(relay, &err);
                }
                if (!relay->retry_due_us) /* else the last count is the best there is */
                        (void)count_backlog(relay);
                if (!finished(relay) && !is_publishing(relay))
                        wait_for_work(relay);
        } while (!finished(relay));

        if (relay->session && relay->producer) {
                while (rd_kafka_poll(relay->producer, 0) > 0)
                        ;
                if (relay_session_note(relay->session, relay->logs, relay->n_logs, NULL))
                        log_warning("note-failed", "some events will be published again");
        }
        drop_session(relay);
        return NULL;
}

ErrorCode relay_start(Relay *relay, Error *err)
{
        if (pthread_create(&relay->thread, NULL, run, relay) != 0)
                return error_set(err, ERROR_INTERNAL, "could not start the relay thread");
        relay->running = true;
        return ERROR_NONE;
}

void relay_stop(Relay *relay, int64_t deadline_us)
{
        if (!relay->running)
                return;
        atomic_store(&relay->stop_deadline_us, deadline_us);
        atomic_store(&relay->stopping, true);
        relay_wake(relay);
        (void)pthread_join(relay->thread, NULL);
        relay->running = false;
}

static RelayLog *find_log(Relay *relay, const Event *event)
{
        for (size_t i = 0; i < relay->n_logs; i += relay->partitions)
                if (relay->logs[i].aggregate_type == event->aggregate_type &&
                    (size_t)event->partition < relay->partitions)
                        return &relay->logs[i + (size_t)event->partition];
        return NULL; /* a partition that another instance has added: that one publishes it */
}

void relay_offer(Relay *relay, StoredEvents *events)
{
        RelayLog *log = find_log(relay, stored_events_at(events, 0));

        if (log)
                relay_log_offer(log, events);
}

void relay_wake(Relay *relay)
{
        (void)!write(relay->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

bool relay_connected(const Relay *relay)
{
        return atomic_load(&relay->connected);
}

int64_t relay_backlog(const Relay *relay)
{
        return atomic_load(&relay->backlog);
}
