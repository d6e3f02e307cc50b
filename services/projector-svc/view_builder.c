#include "view_builder.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/model/sql_text.h"
#include "view_session.h"

#define FOLLOW_EVERY_US  (500 * US_PER_MS)
#define FOLLOW_CLOSE_US  (20 * US_PER_MS) /* when there is nothing else to do */
#define LOOK_EVERY_US    (50 * US_PER_MS) /* while paused */
#define CONNECT_US       (5 * US_PER_SEC)
#define NEAR_EVENTS      5000 /* behind the live version: the rest comes from the event store */
#define BATCHES_A_SECOND 5    /* at least, when there is a rate */
#define REST_MAX_US      (2 * US_PER_SEC)

void view_builder_init(ViewBuilder *builder, const ProjectorConfig *config, const BuildOrder *order,
                       const char *live_schema)
{
        Buffer sql = BUFFER_INIT;

        *builder = (ViewBuilder){ .order = order, .config = config };
        if (!order || !live_schema)
                return;
        buffer_append_string(&sql, "SELECT aggregate_type, partition, position FROM ");
        sql_quote_name(&sql, live_schema);
        buffer_append_string(&sql, ".checkpoint");
        builder->ceilings_sql = buffer_take(&sql);
}

void view_builder_deinit(ViewBuilder *builder)
{
        view_builder_close(builder);
        free(builder->ceilings_sql);
}

bool view_builder_builds(const ViewBuilder *builder)
{
        return builder->order != NULL;
}

ErrorCode view_builder_open(ViewBuilder *builder, const View *view, Error *err)
{
        _cleanup_(buffer_deinit) Buffer name = BUFFER_INIT;

        if (!builder->order || builder->reader)
                return ERROR_NONE;
        buffer_printf(&name, "projector-svc %s %d events", view->model->view, view->version);
        builder->begun_us = clock_monotonic_us();
        builder->followed_us = 0;
        return pg_connect(&builder->reader, builder->config->pg_url, name.data,
                          clock_monotonic_us() + CONNECT_US, err);
}

void view_builder_close(ViewBuilder *builder)
{
        PQfinish(builder->reader);
        builder->reader = NULL;
}

ErrorCode view_builder_read(ViewBuilder *builder, ViewSource *source, Feed *feed, Error *err)
{
        builder->followed_us = 0;
        if (!builder->order || (atomic_load(&builder->order->from_topic) &&
                                feed->position + NEAR_EVENTS < feed->last_position))
                return view_source_read_topic(source, feed, err);
        view_source_read_store(source, feed, feed->next_position);
        return ERROR_NONE;
}

ErrorCode view_builder_retry(ViewBuilder *builder, ViewSource *source, int64_t now_us, Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && i < source->feeds.n_feeds; i++) {
                Feed *feed = source->feeds.feeds[i];

                if (feed->source != FEED_HELD || now_us < feed->retry_us)
                        continue;
                if (!builder->order && feed->held_by_event &&
                    feed->failed_position <= feed->last_position)
                        view_source_read_store(source, feed, feed->failed_position);
                else
                        code = view_builder_read(builder, source, feed, err);
        }
        return code;
}

/* @ceiling: how far the live version is. */
static void let_follow(ViewSource *source, Feed *feed, int64_t ceiling)
{
        feed->ceiling = ceiling;
        if (feed->source == FEED_STORE)
                feed->store_until = ceiling;
        else if (feed->source == FEED_TOPIC && feed->position + NEAR_EVENTS >= ceiling)
                view_source_read_store(source, feed, ceiling);
}

static ErrorCode follow_live(ViewBuilder *builder, ViewSource *source, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code =
                pg_exec(builder->reader, builder->ceilings_sql, NULL, &res,
                        view_session_deadline_us(), "look how far the live version is", err);

        for (int i = 0; !code && i < PQntuples(res); i++) {
                int64_t partition = strtoll(PQgetvalue(res, i, 1), NULL, 10);

                for (size_t f = 0; f < source->feeds.n_feeds; f++) {
                        Feed *feed = source->feeds.feeds[f];

                        if (feed->partition == partition &&
                            strcmp(feed->aggregate->name, PQgetvalue(res, i, 0)) == 0)
                                let_follow(source, feed, strtoll(PQgetvalue(res, i, 2), NULL, 10));
                }
        }
        return code;
}

static bool has_work(const FeedList *feeds)
{
        for (size_t i = 0; i < feeds->n_feeds; i++)
                if (feeds->feeds[i]->source == FEED_STORE &&
                    feeds->feeds[i]->next_position < feeds->feeds[i]->store_until)
                        return true;
        return false;
}

ErrorCode view_builder_follow(ViewBuilder *builder, ViewSource *source, Error *err)
{
        int64_t now_us = clock_monotonic_us();
        int64_t every_us = has_work(&source->feeds) ? FOLLOW_EVERY_US : FOLLOW_CLOSE_US;

        if (!builder->order || now_us < builder->followed_us + every_us)
                return ERROR_NONE;
        builder->followed_us = now_us;
        if (builder->ceilings_sql)
                return follow_live(builder, source, err);
        for (size_t i = 0; i < source->feeds.n_feeds; i++)
                let_follow(source, source->feeds.feeds[i], source->feeds.feeds[i]->last_position);
        return ERROR_NONE;
}

/* As long as the share of now asks for: when the others are done, nobody has to be made way for any more. */
int64_t view_builder_rest_us(ViewBuilder *builder)
{
        int64_t percent, rest_us, left_us;

        if (!builder->order)
                return 0;
        if (atomic_load(&builder->order->paused))
                return LOOK_EVERY_US;
        if (!builder->sent_us)
                return 0;
        percent = atomic_load(&builder->order->percent);
        rest_us = builder->worked_us * (100 - percent) / percent;
        if (rest_us > REST_MAX_US)
                rest_us = REST_MAX_US;
        if (rest_us < builder->due_us)
                rest_us = builder->due_us;
        left_us = builder->sent_us + rest_us - clock_monotonic_us();
        if (left_us > 0)
                return left_us;
        builder->sent_us = 0;
        builder->begun_us = clock_monotonic_us();
        return 0;
}

/* Events per second of this instance: its feeds' share of what all may do. */
static int64_t own_rate(const ViewBuilder *builder, const FeedList *feeds)
{
        int64_t rate = atomic_load(&builder->order->rate);
        size_t owned = 0;

        for (size_t i = 0; i < feeds->n_feeds; i++)
                owned += feeds->feeds[i]->source != FEED_NONE;
        if (!rate || !owned)
                return 0;
        rate = rate * (int64_t)owned / (int64_t)feeds->n_feeds;
        return rate ? rate : 1;
}

size_t view_builder_batch_max(const ViewBuilder *builder, const FeedList *feeds)
{
        int64_t max = builder->config->batch_events_max, rate;

        if (!builder->order)
                return (size_t)max;
        if (max < builder->config->rebuild_batch_events_max)
                max = builder->config->rebuild_batch_events_max;
        rate = own_rate(builder, feeds);
        if (rate && rate / BATCHES_A_SECOND < max)
                max = rate / BATCHES_A_SECOND;
        return max > 0 ? (size_t)max : 1;
}

void view_builder_note(ViewBuilder *builder, const FeedList *feeds, size_t n_events)
{
        int64_t now_us = clock_monotonic_us(), rate;

        if (!builder->order || n_events == 0) {
                builder->begun_us = now_us;
                return;
        }
        rate = own_rate(builder, feeds);
        builder->sent_us = now_us;
        builder->worked_us = now_us - builder->begun_us;
        builder->due_us = rate ? (int64_t)n_events * US_PER_SEC / rate - builder->worked_us : 0;
}
