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

DEFINE_CLEANUP(rd_kafka_topic_partition_list_t *, rd_kafka_topic_partition_list_destroy)

ErrorCode view_source_init(ViewSource *source, const ProjectorConfig *config, const View *view,
                           ViewMetrics *metrics, Error *err)
{
        *source = (ViewSource){
                .config = config,
                .view = view,
                .metrics = metrics,
                .batch_events_max = (size_t)config->batch_events_max,
                .wake = { .queue_bytes = (size_t)config->kafka_queue_kbytes * 1024 },
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

/* How many events of the size that they had of late are about as much as the batch may hold; one at least. */
static int64_t fitting(const ViewSource *source, const ViewBatch *batch)
{
        size_t max = (size_t)source->config->batch_bytes_max;
        size_t left = batch->bytes < max ? max - batch->bytes : 0;

        return source->event_size ? (int64_t)(left / source->event_size) + 1 : STORE_READ_MAX;
}

static void note_size(ViewSource *source, const EventBatch *events)
{
        size_t bytes = 0;

        for (size_t i = 0; i < events->n_events; i++)
                bytes += events->events[i].data.size + events->events[i].metadata.size;
        if (events->n_events)
                source->event_size = bytes / events->n_events;
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
        if (limit > fitting(source, batch)) /* what finds no room would be read again */
                limit = fitting(source, batch);
        code = store_read_log(conn, feed->aggregate->name, feed->partition, feed->next_position,
                              (int)limit, &events, view_session_deadline_us(), err);
        if (code)
                return code;
        *ret_ended = !events->more;
        note_size(source, events);
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
        topic_wake_note(&source->wake, message->len + message->key_len);
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

ErrorCode view_source_collect(ViewSource *source, PGconn *conn, ViewBatch *batch, int timeout_ms,
                              Error *err)
{
        ErrorCode code = conn ? read_stores(source, conn, batch, err) : ERROR_NONE;
        size_t n_taken = 0;

        timeout_ms = topic_wake_poll_ms(&source->wake, timeout_ms);
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
        if (!code)
                topic_wake(&source->wake, source->consumer, &source->feeds, n_taken);
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
