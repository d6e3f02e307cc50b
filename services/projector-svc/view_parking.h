#pragma once

/*
 * view_parking.h — what a view does about events that cannot be applied: after some tries their aggregate is
 * parked, so that all others go on; operators' wishes bring it back.
 *
 * A parked aggregate's events are left out of batches (the checkpoint moves on); the event store keeps them. All
 * here happens while no batch is under way.
 */

#include "parked_retry.h"
#include "projector_config.h"
#include "view_source.h"

typedef struct ViewParking {
        const ProjectorConfig *config; /* borrowed, as the following */
        const View *view;
        ViewMetrics *metrics;
        ViewSource *source;
        ParkedStore *store;
        ParkedSet parked; /* of the feeds that are ours */
        ParkedRetry retry;
        RowFold *nothing; /* no rows */
        int64_t counted;  /* our part of the gauge */
        bool more;        /* wishes are left over from the last time */
} ViewParking;

/* Return: ERROR_NONE, or ERROR_INTERNAL without memory. */
_must_check_ ErrorCode view_parking_init(ViewParking *parking, const ProjectorConfig *config,
                                         const View *view, ViewMetrics *metrics, ViewSource *source,
                                         Error *err);
void view_parking_deinit(ViewParking *parking);

/* These feeds are ours from now on: learn what is parked in them. */
_must_check_ ErrorCode view_parking_take(ViewParking *parking, ViewSession *session,
                                         Feed *const *feeds, size_t n, Error *err);

/* This feed, or all of them (NULL), are not ours any more. */
void view_parking_release(ViewParking *parking, const Feed *feed);

/* Whether there is something to park now. */
bool view_parking_is_due(const ViewParking *parking);

/**
 * view_parking_park() - park the aggregates whose events have failed often enough
 *
 * Return: ERROR_NONE; or an error that concerns the whole session.
 */
_must_check_ ErrorCode view_parking_park(ViewParking *parking, ViewSession *session, Error *err);

/* Do what operators want of parked aggregates, for a while: ->more tells when that did not do. Errors as above. */
_must_check_ ErrorCode view_parking_serve(ViewParking *parking, ViewSession *session, Error *err);
