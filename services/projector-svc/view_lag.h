#pragma once

/*
 * view_lag.h — how far a view is behind the event store, by log partition: in events, and in the age of the
 * first event that it does not show.
 */

#include "common/pg/pg_conn.h"
#include "feed.h"

/**
 * view_lag_report() - set the gauges of the feeds that are ours
 * @ret_events:  what all of them lack
 *
 * Asks PostgreSQL only when something is behind. Errors as pg_exec().
 */
_must_check_ ErrorCode view_lag_report(PGconn *conn, const FeedList *feeds, int64_t *ret_events,
                                       int64_t deadline_us, Error *err);
