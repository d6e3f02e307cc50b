#pragma once

/*
 * view_source.h — brings the events of a view's feeds into batches, each position once and in order: from
 * Kafka, and from the event store where the topic has a gap or lost its end.
 */

#include <librdkafka/rdkafka.h>

#include "common/event/event_codec.h"
#include "common/pg/pg_conn.h"
#include "projector_config.h"
#include "topic_wake.h"
#include "undecodable.h"
#include "view_batch.h"
#include "view_metrics.h"

typedef struct ViewSource {
        const ProjectorConfig *config;
        const View *view;
        ViewMetrics *metrics;
        FeedList feeds;
        size_t batch_events_max;
        bool follows; /* what is read from the event store goes on there, not with its topic */
        rd_kafka_t *consumer; /* NULL until view_source_open() */
        EventDecoder decoder;
        UndecodableList *undecodable; /* to be stored before what was collected with them */
        rd_kafka_message_t *pending;  /* it showed a gap when the event store could not be read */
        TopicWake wake;
        size_t event_size;  /* of late, from the event store, bytes */
        bool heard;         /* the brokers answered since somebody cleared this */
        int undecoded_logs; /* lines written since somebody cleared this */
} ViewSource;

/* Return: ERROR_NONE, or ERROR_INTERNAL without memory. */
_must_check_ ErrorCode view_source_init(ViewSource *source, const ProjectorConfig *config,
                                        const View *view, ViewMetrics *metrics, Error *err);
void view_source_deinit(ViewSource *source);

/* Make the consumer, when there is none. The view must have its version. */
_must_check_ ErrorCode view_source_open(ViewSource *source, Error *err);

/* Read @feed from its topic, from next_offset on. */
_must_check_ ErrorCode view_source_read_topic(ViewSource *source, Feed *feed, Error *err);

/* Read @feed from the event store up to @until, then from its topic. */
void view_source_read_store(ViewSource *source, Feed *feed, int64_t until);

/* Read nothing of @feed for a while, since of @reason; a log line says it. */
void view_source_hold(ViewSource *source, Feed *feed, const char *reason);

/* The same since the next event of @feed could not be applied; counts the tries of it. */
void view_source_hold_event(ViewSource *source, Feed *feed, const Error *err);

/* @feed is not ours any more. */
void view_source_release(ViewSource *source, Feed *feed);

/* Whether the next view_source_collect() has to read the event store. */
bool view_source_needs_store(const ViewSource *source);

/**
 * view_source_collect() - fill @batch with what there is, up to its limits
 * @conn:        to read the event store; NULL when it is busy: what needs it waits for the next call
 * @timeout_ms:  wait this long for the first message when there is nothing at all
 *
 * Return: ERROR_NONE (maybe nothing came), or as store_read_log().
 */
_must_check_ ErrorCode view_source_collect(ViewSource *source, PGconn *conn, ViewBatch *batch,
                                           int timeout_ms, Error *err);

/* What was collected last is not to be used: read all topics again behind what is committed. */
_must_check_ ErrorCode view_source_rewind(ViewSource *source, Error *err);

/* Tell Kafka how far we are: nobody needs it but tools that show lag. */
void view_source_commit_offsets(ViewSource *source);
