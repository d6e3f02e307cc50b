#pragma once

/*
 * change_outlet.h — a view's changes on their way into its topic: the producer, what it has not taken yet, what has
 * arrived. Thread: one.
 */

#include <libpq-fe.h>

#include "change_entries.h"
#include "change_metrics.h"
#include "change_window.h"
#include "common/base/backoff.h"
#include "projector_config.h"

typedef struct ChangeOutlet {
        const ProjectorConfig *config;
        const ChangeMetrics *metrics;
        int wake_fd; /* eventfd, written when there are delivery reports */
        ChangeTopic topic;
        Buffer topic_name;
        rd_kafka_t *producer; /* NULL until change_outlet_open() */
        ChangeWindow window;
        PGresult *rows; /* of change_session_read(), not all of it handed over; NULL: none */
        int next_row;   /* the batch behind "entries" */
        ChangeEntries entries;
        Change change; /* of entries, is_open: read and not wholly handed over */
        bool is_open;
        uint32_t messages_done; /* of that change */
        int64_t *
                ends; /* of the topic's partitions: the offset that our next message gets; -1: not known */
        bool away; /* the brokers, when it was to be opened */
        bool failed; /* a message was not delivered: close, open, and begin again from what has arrived */
        bool lost;     /* the broker has forgotten messages */
        int64_t empty; /* the topic may be empty when no change behind this one has arrived */
        bool intruded; /* somebody else has written to the topic since it was opened */
        Backoff backoff;
        int64_t sampled, sampled_changed_us; /* a change whose way is timed */
} ChangeOutlet;

/* @config, @metrics and @view outlive it. */
void change_outlet_init(ChangeOutlet *outlet, const ProjectorConfig *config,
                        const ChangeMetrics *metrics, const char *view, int wake_fd);
void change_outlet_deinit(ChangeOutlet *outlet); /* closed */

/* Make the topic and a producer, unless there is one. ->lost is set when the topic is empty and should not be. */
_must_check_ ErrorCode change_outlet_open(ChangeOutlet *outlet, Error *err);

/* Drop what is on its way; what has arrived stays known. */
void change_outlet_close(ChangeOutlet *outlet);

/* Hand over ->rows, as far as window and producer take them, and hear what has arrived. ->rows is NULL when all are. */
_must_check_ ErrorCode change_outlet_push(ChangeOutlet *outlet, Error *err);
