#include "view_source.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "common/domain/domain.h"
#include "common/kafka/event_message.h"
#include "common/kafka/kafka_consumer.h"
#include "common/store/store.h"
#include "view_session.h"

#define STORE_READ_MAX     4000 /* events at a time */
#define UNDECODED_LOGS_MAX 20
#define WAKE_BROKERS       4 /* at a time */
#define WAKES_MAX          8 /* after the queue was full */
#define WAKE_EVERY_US      (5 * US_PER_MS)

DEFINE_CLEANUP(rd_kafka_topic_partition_list_t *, rd_kafka_topic_partition_list_destroy)

ErrorCode view_source_init(ViewSource *source, const ProjectorConfig *config, const View *view,
                           ViewMetrics *metrics, Error *err)
{
        *source = (ViewSource){
                .config = config,
                .view = view,
                .metrics = metrics,
                .batch_events_max = (size_t)config->batch_events_max,
                .decoder = EVENT_DECODER_INIT,
        };
        source->feeds.backoff =
                BACKOFF_INIT(config->park_retry_ms * US_PER_MS, config->retry_ms_max * US_PER_MS);
        return undecodable_list_new(&source->undecodable, err);
}

void view_source_deinit(ViewSource *source)
{
        if (source->pending)
                rd_kafka_message_destroy(source->pending);
        kafka_consumer_free(source->consumer);
        feed_list_deinit(&source->feeds);
        event_decoder_deinit(&source->decoder);
        undecodable_list_free(source->undecodable);
}

ErrorCode view_source_open(ViewSource *source, Error *err)
{
        _cleanup_(buffer_deinit) Buffer group = BUFFER_INIT;
        KafkaConsumerOptions options = { .brokers = source->config->kafka_brokers,
                                         .client_id = "projector-svc",
                                         .queue_kbytes = source->config->kafka_queue_kbytes };

        if (source->consumer)
                return ERROR_NONE;
        buffer_printf(&group, "%s-view-%s-%d", source->config->topic_prefix,
                      source->view->model->view, source->view->version);
        options.group_id = group.data;
        return kafka_consumer_new(&source->consumer, &options, err);
}

ErrorCode view_source_read_topic(ViewSource *source, Feed *feed, Error *err)
{
        ErrorCode code = kafka_consumer_assign(source->consumer, feed->topic, feed->partition,
                                               feed->next_offset, err);

        if (!code) {
                feed->source = FEED_TOPIC;
                feed->at_end = false;
        }
        return code;
}

static void stop_topic(ViewSource *source, const Feed *feed)
{
        if (feed->source == FEED_TOPIC)
                kafka_consumer_unassign(source->consumer, feed->topic, feed->partition);
}

void view_source_read_store(ViewSource *source, Feed *feed, int64_t until)
{
        stop_topic(source, feed);
        feed->source = FEED_STORE;
        feed->store_until = until;
}

void view_source_hold(ViewSource *source, Feed *feed, const char *reason)
{
        int64_t wait_us = backoff_next_us(&feed->backoff);

        log_warning("feed-held",
                    "%s: %s partition %" PRId32 " waits behind position %" PRId64 " for %" PRId64
                    " ms: %s",
                    source->view->model->view, feed->topic, feed->partition, feed->next_position,
                    wait_us / US_PER_MS, reason);
        stop_topic(source, feed);
        feed->source = FEED_HELD;
        feed->retry_us = clock_monotonic_us() + wait_us;
}

void view_source_release(ViewSource *source, Feed *feed)
{
        stop_topic(source, feed);
        feed_release(feed);
}

void view_source_hold_event(ViewSource *source, Feed *feed, const Error *err)
{
        metric_add(source->metrics->failures, 1);
        feed_fail(feed, err);
        view_source_hold(source, feed, err->message);
}

static size_t room(const ViewSource *source, const ViewBatch *batch)
{
        size_t max = source->batch_events_max;

        if (batch->n_items && batch->bytes >= (size_t)source->config->batch_bytes_max)
                return 0;
        return batch->n_items < max ? max - batch->n_items : 0;
}

/* Events of the store behind next_position, at most @until. *@ret_ended: the log has no more than it gave. */
static ErrorCode add_from_store(ViewSource *source, PGconn *conn, ViewBatch *batch, Feed *feed,
                                int64_t until, bool *ret_ended, Error *err)
{
        _cleanup_(event_batch_freep) EventBatch *events = NULL;
        int64_t limit = until - feed->next_position, most = (int64_t)room(source, batch);
        ErrorCode code;

        *ret_ended = false;
        if (limit > most)
                limit = most;
        if (limit > STORE_READ_MAX)
                limit = STORE_READ_MAX;
        if (limit <= 0)
                return ERROR_NONE;
        code = store_read_log(conn, feed->aggregate->name, feed->partition, feed->next_position,
                              (int)limit, &events, view_session_deadline_us(), err);
        if (code)
                return code;
        *ret_ended = events->n_events < (size_t)limit;
        for (size_t i = 0; i < events->n_events && room(source, batch); i++) {
                Error fault = ERROR_INIT;

                if (events->events[i].position != feed->next_position + 1) {
                        *ret_ended = true;
                        break;
                }
                if (view_batch_add(batch, feed, &events->events[i], -1, &fault)) {
                        view_source_hold_event(source, feed, &fault);
                        break;
                }
                metric_add(source->metrics->filled, 1);
        }
        return ERROR_NONE;
}

/* The store has less than what @feed was to read from it. */
static ErrorCode end_of_store(ViewSource *source, Feed *feed, Error *err)
{
        if (feed->store_until > feed->last_position) /* as a message said, which comes again now */
                return view_source_read_topic(source, feed, err);
        view_source_hold(source, feed, "the next position is not in the event store");
        return ERROR_NONE;
}

static ErrorCode read_stores(ViewSource *source, PGconn *conn, ViewBatch *batch, Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && i < source->feeds.n_feeds && room(source, batch); i++) {
                Feed *feed = source->feeds.feeds[i];
                bool ended = false;

                if (feed->source != FEED_STORE)
                        continue;
                if (feed->next_position < feed->store_until)
                        code = add_from_store(source, conn, batch, feed, feed->store_until, &ended,
                                              err);
                if (code || feed->source != FEED_STORE)
                        continue;
                if (feed->next_position >= feed->store_until)
                        code = source->follows ? ERROR_NONE
                                               : view_source_read_topic(source, feed, err);
                else if (ended && source->follows)
                        view_source_hold(source, feed,
                                         "the next position is not in the event store");
                else if (ended)
                        code = end_of_store(source, feed, err);
        }
        return code;
}

static void refuse(ViewSource *source, const rd_kafka_message_t *message, const char *reason)
{
        metric_add(source->metrics->undecodable, 1);
        undecodable_list_add(source->undecodable, message, reason);
        if (source->undecoded_logs++ < UNDECODED_LOGS_MAX)
                log_warning("message-undecodable",
                            "%s: %s partition %" PRId32 " offset %" PRId64 ": %s",
                            source->view->model->view, rd_kafka_topic_name(message->rkt),
                            message->partition, message->offset, reason);
}

/* The message with the position that comes next. */
static void take_next(ViewSource *source, ViewBatch *batch, Feed *feed,
                      const rd_kafka_message_t *message, int64_t position)
{
        const char *type = event_message_type(message);
        Error err = ERROR_INIT;
        Event event;

        /* Most events of a busy aggregate do not concern most views: the headers say enough. */
        if (type && aggregate_event(feed->aggregate, type) &&
            !event_type_feeds(feed->aggregate, type, source->view->model->name)) {
                view_batch_skip(batch, feed, position, message->offset + 1);
                return;
        }
        if (event_message_decode(&source->decoder, message, &event, &err)) {
                refuse(source, message, err.message);
                return;
        }
        if (strcmp(event.aggregate_type, feed->aggregate->name) != 0) {
                refuse(source, message, "an event of another aggregate type");
                return;
        }
        if (view_batch_add(batch, feed, &event, message->offset + 1, &err))
                view_source_hold_event(source, feed, &err);
}

/* Positions are missing before this message: a few are read at once, many on their own. */
static ErrorCode take_behind_gap(ViewSource *source, PGconn *conn, ViewBatch *batch, Feed *feed,
                                 const rd_kafka_message_t *message, int64_t position, Error *err)
{
        int64_t behind = feed->next_position;
        bool ended = false;
        ErrorCode code = add_from_store(source, conn, batch, feed, position - 1, &ended, err);

        if (code || feed->source != FEED_TOPIC)
                return code;
        if (ended) {
                refuse(source, message, "its position is beyond the end of the log");
                return ERROR_NONE;
        }
        metric_add(source->metrics->gaps, 1);
        log_warning("gap",
                    "%s: %s partition %" PRId32 " has position %" PRId64 " behind %" PRId64
                    " at offset %" PRId64 "; reading the event store",
                    source->view->model->view, feed->topic, feed->partition, position, behind,
                    message->offset);
        if (feed->next_position == position - 1 && room(source, batch)) {
                take_next(source, batch, feed, message, position);
                return ERROR_NONE;
        }
        feed->next_offset = message->offset;
        view_source_read_store(source, feed, position - 1);
        return ERROR_NONE;
}

static ErrorCode take_message(ViewSource *source, PGconn *conn, ViewBatch *batch, Feed *feed,
                              const rd_kafka_message_t *message, Error *err)
{
        int64_t position;

        feed->at_end = false;
        if (!event_message_position(message, &position)) {
                refuse(source, message, "no header skafu-position that is a positive number");
                return ERROR_NONE;
        }
        if (position <= feed->next_position) {
                metric_add(source->metrics->repeats, 1);
                return ERROR_NONE;
        }
        if (position == feed->untrue_position) {
                feed->untrue_position = 0;
                refuse(source, message, "the event store has no event at its position");
                return ERROR_NONE;
        }
        if (source->follows && position > feed->ceiling) {
                view_source_read_store(source, feed, feed->ceiling);
                return ERROR_NONE;
        }
        if (position > feed->next_position + 1)
                return take_behind_gap(source, conn, batch, feed, message, position, err);
        take_next(source, batch, feed, message, position);
        return ERROR_NONE;
}

/* Not a message but word about a partition. */
static ErrorCode take_notice(ViewSource *source, Feed *feed, const rd_kafka_message_t *message,
                             Error *err)
{
        switch (message->err) {
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
                feed->at_end = true;
                return ERROR_NONE;
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
                log_warning("topic-restarted",
                            "%s: %s partition %" PRId32 " does not have offset %" PRId64
                            " any more; reading all that it has",
                            source->view->model->view, feed->topic, feed->partition,
                            feed->next_offset);
                feed->next_offset = RD_KAFKA_OFFSET_BEGINNING;
                return view_source_read_topic(source, feed, err);
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
                feed->at_end = true; /* for the time being: there is nothing to read */
                view_source_hold(source, feed, rd_kafka_err2str(message->err));
                return ERROR_NONE;
        default:
                view_source_hold(source, feed, rd_kafka_err2str(message->err));
                return ERROR_NONE;
        }
}

static ErrorCode take(ViewSource *source, PGconn *conn, ViewBatch *batch,
                      rd_kafka_message_t *message, Error *err)
{
        _cleanup_(rd_kafka_message_destroyp) rd_kafka_message_t *owned = message;
        int64_t position = 0;
        Feed *feed;

        if (!message->rkt)
                return ERROR_NONE; /* about brokers: librdkafka tries again by itself */
        feed = feed_list_find(&source->feeds, rd_kafka_topic_name(message->rkt),
                              message->partition);
        if (!feed)
                return ERROR_NONE; /* given up meanwhile */
        if (!message->err || message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
                source->heard = true;
        if (message->err)
                return take_notice(source, feed, message, err);
        source->message_size += (message->len + message->key_len) / 16 - source->message_size / 16;
        if (!conn && event_message_position(message, &position) &&
            position > feed->next_position + 1 && position != feed->untrue_position) {
                source->pending = TAKE_PTR(owned);
                return ERROR_NONE;
        }
        return take_message(source, conn, batch, feed, message, err);
}

bool view_source_needs_store(const ViewSource *source)
{
        if (source->pending)
                return true;
        for (size_t i = 0; i < source->feeds.n_feeds; i++)
                if (source->feeds.feeds[i]->source == FEED_STORE)
                        return true;
        return false;
}

/* librdkafka looks at a queue that was full a second later only, unless something wakes it: the next messages should be on
 * their way before the queue is empty. What it takes for full is not known exactly, so it is woken more than once.
 * @n_taken messages came from the queue just now; with them it may have been full, whatever a batch has left of it. */
static void keep_fetching(ViewSource *source, size_t n_taken)
{
        size_t nearly_full = (size_t)source->config->kafka_queue_kbytes * 1024 / 4 * 3;
        size_t n_queued = kafka_consumer_queued(source->consumer);
        int64_t now_us = clock_monotonic_us();

        if ((n_queued + n_taken) * source->message_size > nearly_full)
                source->wakes_left = WAKES_MAX;
        if (n_queued * source->message_size > nearly_full || source->wakes_left == 0 ||
            now_us < source->wake_due_us)
                return;
        source->wakes_left--;
        source->wake_due_us = now_us + WAKE_EVERY_US;
        /* Neighbouring partitions have their leaders on different brokers. */
        for (size_t i = 0, n = 0; i < source->feeds.n_feeds && n < WAKE_BROKERS; i++) {
                const Feed *feed = source->feeds.feeds[(source->woken + i) % source->feeds.n_feeds];

                if (feed->source != FEED_TOPIC || feed->at_end)
                        continue;
                kafka_consumer_wake(source->consumer, feed->topic, feed->partition);
                n++;
        }
        source->woken += WAKE_BROKERS;
}

/* Not longer than to the next wake-up that is due. */
static int poll_ms(const ViewSource *source, int timeout_ms)
{
        int64_t due_ms;

        if (source->wakes_left == 0)
                return timeout_ms;
        due_ms = (source->wake_due_us - clock_monotonic_us()) / US_PER_MS + 1;
        if (due_ms <= 0)
                return 0;
        return due_ms < timeout_ms ? (int)due_ms : timeout_ms;
}

ErrorCode view_source_collect(ViewSource *source, PGconn *conn, ViewBatch *batch, int timeout_ms,
                              Error *err)
{
        ErrorCode code = conn ? read_stores(source, conn, batch, err) : ERROR_NONE;
        size_t n_taken = 0;

        timeout_ms = poll_ms(source, timeout_ms);
        if (!code && conn && source->pending && room(source, batch))
                code = take(source, conn, batch, TAKE_PTR(source->pending), err);
        while (!code && !source->pending && room(source, batch) &&
               !undecodable_list_is_full(source->undecodable)) {
                rd_kafka_message_t *message =
                        rd_kafka_consumer_poll(source->consumer, batch->n_items ? 0 : timeout_ms);

                if (!message)
                        break;
                timeout_ms = 0;
                n_taken++;
                code = take(source, conn, batch, message, err);
        }
        if (!code && (n_taken || source->wakes_left))
                keep_fetching(source, n_taken);
        return code;
}

ErrorCode view_source_rewind(ViewSource *source, Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && i < source->feeds.n_feeds; i++) {
                Feed *feed = source->feeds.feeds[i];

                feed_rewind(feed);
                if (feed->source == FEED_TOPIC)
                        code = view_source_read_topic(source, feed, err);
        }
        return code;
}

void view_source_commit_offsets(ViewSource *source)
{
        _cleanup_(rd_kafka_topic_partition_list_destroyp) rd_kafka_topic_partition_list_t *list =
                rd_kafka_topic_partition_list_new((int)source->feeds.n_feeds + 1);

        for (size_t i = 0; i < source->feeds.n_feeds; i++) {
                const Feed *feed = source->feeds.feeds[i];

                if (feed->source == FEED_TOPIC && feed->offset > 0)
                        rd_kafka_topic_partition_list_add(list, feed->topic, feed->partition)
                                ->offset = feed->offset;
        }
        if (list->cnt)
                (void)rd_kafka_commit(source->consumer, list, 1);
}
