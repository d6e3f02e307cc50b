#pragma once

/*
 * view_builder.h — what the worker of a version that is built does otherwise than that of a live one: it
 * follows the live version and never overtakes it, keeps to a rate, and makes way.
 *
 * Never ahead, because then stopping the live version for a moment is enough for both to be at one position.
 */

#include <stdatomic.h>

#include "view_source.h"

/* Wishes: written by whoever looks after the workers, read by the worker. */
typedef struct BuildOrder {
        atomic_bool from_topic;
        atomic_bool paused;
        atomic_int percent;        /* of its time that it works; 100: all of it */
        atomic_int_least64_t rate; /* events per second, of all instances together; 0: no limit */
} BuildOrder;

typedef struct ViewBuilder {
        const BuildOrder *order; /* NULL: the version is live, and nothing here has an effect */
        const ProjectorConfig *config;
        PGconn *reader;      /* reads the event store while the session writes */
        char *ceilings_sql;  /* NULL: there is no live version */
        int64_t begun_us;    /* the batch at hand */
        int64_t sent_us;     /* the last batch: rest since then … */
        int64_t worked_us;   /* … for what this leaves of its share of the time */
        int64_t due_us;      /* … and not less than this, for the rate; 0: no rate */
        int64_t followed_us; /* looked at the live version then */
} ViewBuilder;

/* @order: NULL for a live version. @live_schema: beside which it is built, NULL when beside nothing. */
void view_builder_init(ViewBuilder *builder, const ProjectorConfig *config, const BuildOrder *order,
                       const char *live_schema);
void view_builder_deinit(ViewBuilder *builder);

/* Connect when there is no connection. Errors as pg_connect(). */
_must_check_ ErrorCode view_builder_open(ViewBuilder *builder, const View *view, Error *err);
void view_builder_close(ViewBuilder *builder); /* the connection, which is in doubt */

/* Whether the worker's version is being built. */
bool view_builder_builds(const ViewBuilder *builder);

/* Read @feed on from where its version is: from its topic, or as long as it is built from the event store. */
_must_check_ ErrorCode view_builder_read(ViewBuilder *builder, ViewSource *source, Feed *feed,
                                         Error *err);

/* Read what is held and has waited long enough: an event that failed in a live version comes from the event store. */
_must_check_ ErrorCode view_builder_retry(ViewBuilder *builder, ViewSource *source, int64_t now_us,
                                          Error *err);

/* Learn how far the live version is, and let the feeds follow. Nothing to do when that was just now. */
_must_check_ ErrorCode view_builder_follow(ViewBuilder *builder, ViewSource *source, Error *err);

/* How long to rest now, 0: not at all. */
int64_t view_builder_rest_us(ViewBuilder *builder);

/* Events that the next batch may have. */
size_t view_builder_batch_max(const ViewBuilder *builder, const FeedList *feeds);

/* A batch of @n_events has been sent: rest for its share of the time. */
void view_builder_note(ViewBuilder *builder, const FeedList *feeds, size_t n_events);
