#include "feed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"

static void feed_free(Feed *feed)
{
        free(feed->topic);
        free(feed);
}

void feed_list_deinit(FeedList *list)
{
        for (size_t i = 0; i < list->n_feeds; i++)
                feed_free(list->feeds[i]);
        free(list->feeds);
        *list = (FeedList){ .feeds = NULL };
}

static Feed *feed_new(const AggregateType *aggregate, int32_t partition, const char *topic_prefix,
                      const char *view, Backoff backoff)
{
        Feed *feed = calloc(1, sizeof *feed);
        _cleanup_(buffer_deinit) Buffer labels = BUFFER_INIT;
        Buffer topic = BUFFER_INIT;

        if (!feed)
                abort();
        buffer_printf(&topic, "%s.%s.events", topic_prefix, aggregate->name);
        buffer_printf(&labels, "view=\"%s\",aggregate_type=\"%s\",partition=\"%" PRId32 "\"", view,
                      aggregate->name, partition);
        *feed = (Feed){ .aggregate = aggregate,
                        .topic = buffer_take(&topic),
                        .partition = partition,
                        .backoff = backoff };
        feed->lag = metric_gauge("skafu_view_lag_events", labels.data,
                                 "stored events that a view does not show yet");
        feed->lag_time =
                metric_duration("skafu_view_lag_seconds", labels.data, "age of the first of them");
        return feed;
}

Feed *feed_list_get(FeedList *list, const AggregateType *aggregate, int32_t partition,
                    const char *topic_prefix, const char *view)
{
        Feed **grown;

        for (size_t i = 0; i < list->n_feeds; i++)
                if (list->feeds[i]->aggregate == aggregate &&
                    list->feeds[i]->partition == partition)
                        return list->feeds[i];
        grown = realloc(list->feeds, (list->n_feeds + 1) * sizeof(Feed *));
        if (!grown)
                abort();
        list->feeds = grown;
        return list->feeds[list->n_feeds++] =
                       feed_new(aggregate, partition, topic_prefix, view, list->backoff);
}

Feed *feed_list_find(const FeedList *list, const char *topic, int32_t partition)
{
        for (size_t i = 0; i < list->n_feeds; i++) {
                Feed *feed = list->feeds[i];

                if (feed->partition == partition && strcmp(feed->topic, topic) == 0)
                        return feed->source == FEED_TOPIC ? feed : NULL;
        }
        return NULL;
}

void feed_list_mark(const FeedList *list, Feed *feed, int64_t position, int64_t offset)
{
        for (size_t i = 0; i < list->n_feeds; i++)
                list->feeds[i]->mark_position = 0;
        if (!feed)
                return;
        feed->mark_position = position;
        feed->mark_offset = offset;
}

int64_t feed_list_heads(const FeedList *list)
{
        int64_t heads = 0;

        for (size_t i = 0; i < list->n_feeds; i++)
                heads += list->feeds[i]->last_position;
        return heads;
}

void feed_rewind(Feed *feed)
{
        feed->next_position = feed->position;
        feed->next_offset = feed->offset;
        feed->at_end = false;
}

void feed_fail(Feed *feed, const Error *err)
{
        int64_t position = feed->next_position + 1;
        bool is_pending = feed->tries > 0 && feed->failed_position > feed->position;

        feed->held_by_event = true;
        if (is_pending && feed->failed_position < position)
                return;
        feed->tries = is_pending && feed->failed_position == position ? feed->tries + 1 : 1;
        feed->failed_position = position;
        feed->failure = *err;
}

void feed_take(Feed *feed)
{
        metric_take(feed->lag, feed);
        metric_take(feed->lag_time, feed);
        feed_rewind(feed);
}

void feed_set_lag(const Feed *feed, int64_t events)
{
        if (metric_is_of(feed->lag, feed))
                metric_set(feed->lag, events);
}

void feed_set_lag_time(const Feed *feed, int64_t age_us)
{
        if (metric_is_of(feed->lag_time, feed))
                metric_set_us(feed->lag_time, age_us);
}

void feed_release(Feed *feed)
{
        feed->source = FEED_NONE;
        feed->held_by_event = false;
        feed->tries = 0;
        feed->untrue_position = 0;
        backoff_reset(&feed->backoff);
        feed_set_lag(feed, 0);
        feed_set_lag_time(feed, 0);
        feed_rewind(feed);
}
