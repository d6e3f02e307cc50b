#include "view_lag.h"

#include <stdlib.h>

#include "common/pg/pg_params.h"
#include "common/pg/pg_prepared.h"
#include "lag_ages.sql.h"

static int64_t events_behind(const Feed *feed)
{
        int64_t lag = feed->source == FEED_NONE ? 0 : feed->last_position - feed->position;

        return lag > 0 ? lag : 0;
}

static void add_feeds(PgParams *params, const FeedList *feeds)
{
        int types = pg_params_array(params, PG_ARRAY_TEXT);
        int partitions = pg_params_array(params, PG_ARRAY_INT4);
        int positions = pg_params_array(params, PG_ARRAY_INT8);

        for (size_t i = 0; i < feeds->n_feeds; i++) {
                const Feed *feed = feeds->feeds[i];

                if (!events_behind(feed))
                        continue;
                pg_array_text(params, types, feed->aggregate->name);
                pg_array_int(params, partitions, feed->partition);
                pg_array_int(params, positions, feed->position);
        }
}

static ErrorCode report_ages(PGconn *conn, const FeedList *feeds, int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        int row = 0;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        add_feeds(params, feeds);
        code = pg_exec_prepared(conn, "lag_ages", sql_lag_ages, params, &res, deadline_us,
                                "look how old events are", err);
        for (size_t i = 0; !code && i < feeds->n_feeds; i++) {
                if (!events_behind(feeds->feeds[i]))
                        continue;
                feed_set_lag_time(feeds->feeds[i], strtoll(PQgetvalue(res, row, 0), NULL, 10));
                row++;
        }
        return code;
}

ErrorCode view_lag_report(PGconn *conn, const FeedList *feeds, int64_t *ret_events,
                          int64_t deadline_us, Error *err)
{
        int64_t sum = 0;

        for (size_t i = 0; i < feeds->n_feeds; i++) {
                const Feed *feed = feeds->feeds[i];
                int64_t lag = events_behind(feed);

                if (feed->source == FEED_NONE)
                        continue;
                feed_set_lag(feed, lag);
                if (!lag)
                        feed_set_lag_time(feed, 0);
                sum += lag;
        }
        *ret_events = sum;
        return sum ? report_ages(conn, feeds, deadline_us, err) : ERROR_NONE;
}
