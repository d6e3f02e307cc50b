#pragma once

/*
 * feed.h — one log partition that feeds a view: how far it is applied, and where its events come from.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/backoff.h"
#include "common/base/error.h"
#include "common/daemon/metrics.h"
#include "common/domain/aggregate.h"

typedef enum FeedSource {
        FEED_NONE,  /* another instance's, or nobody's */
        FEED_TOPIC, /* read from Kafka */
        FEED_STORE, /* read from the event store up to ->store_until, then from Kafka */
        FEED_HELD, /* nothing is read until ->retry_us: what comes next cannot be applied, or not be read */
} FeedSource;

typedef struct Feed {
        const AggregateType *aggregate;
        char *topic;
        int32_t partition;

        FeedSource source;
        int64_t epoch;    /* of our ownership, from the checkpoint row */
        int64_t position; /* applied and committed */
        int64_t offset;   /* Kafka's next, as committed with ->position */

        int64_t next_position; /* the last one in the batch at hand; ->position outside of one */
        int64_t next_offset;   /* goes on from here */
        int64_t store_until;
        int64_t ceiling; /* of a version that is built: how far the live one is */

        int64_t mark_position; /* where the transaction at hand brings it; 0: it does not */
        int64_t mark_offset;

        bool at_end;            /* the topic has nothing more */
        int64_t last_position;  /* of the log, as the event store said last */
        int64_t published;      /* acknowledged by the broker, as the event store said last … */
        int64_t published_then; /* … and the time before */

        bool held_by_event;      /* the next event cannot be applied */
        int64_t failed_position; /* of the first event that could not be */
        int64_t tries;           /* of it */
        Error failure;           /* of its last one */
        int64_t untrue_position; /* a message has it, the event store does not; 0: none */
        int64_t retry_us;        /* clock_monotonic_us() */
        Backoff backoff;

        Metric *lag, *lag_time;
} Feed;

typedef struct FeedList {
        Feed **feeds; /* they stay where they are */
        size_t n_feeds;
        Backoff backoff; /* of new feeds */
} FeedList;

void feed_list_deinit(FeedList *list);

/* The feed of a log partition, made when it is new; @view names it in metrics. */
Feed *feed_list_get(FeedList *list, const AggregateType *aggregate, int32_t partition,
                    const char *topic_prefix, const char *view);

/* The feed that reads this topic partition, NULL when none does. */
Feed *feed_list_find(const FeedList *list, const char *topic, int32_t partition);

/* The transaction at hand brings @feed (which may be NULL) to this position, and no other one anywhere. */
void feed_list_mark(const FeedList *list, Feed *feed, int64_t position, int64_t offset);

/* The last positions of all logs, added up. */
int64_t feed_list_heads(const FeedList *list);

/* Forget what is not committed. */
void feed_rewind(Feed *feed);

/* The event after ->next_position cannot be applied. One that fails behind another failure is not counted: that one
 * is in the way until it is applied or parked, however often a later one is met before it is tried again. */
void feed_fail(Feed *feed, const Error *err);

/* Ours from now on: what a former owner in this process still says of it is not heard. */
void feed_take(Feed *feed);

/* Not ours any more. */
void feed_release(Feed *feed);

/* How far it is behind, in metrics; no effect when somebody else in this process has taken the log partition since. */
void feed_set_lag(const Feed *feed, int64_t events);
void feed_set_lag_time(const Feed *feed, int64_t age_us);
