#include "view_parking.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/daemon/log.h"
#include "common/store/store.h"

#define STEPS_MAX 20 /* transactions until the other aggregates get their turn */

ErrorCode view_parking_init(ViewParking *parking, const ProjectorConfig *config, const View *view,
                            ViewMetrics *metrics, ViewSource *source, Error *err)
{
        *parking = (ViewParking){ .config = config,
                                  .view = view,
                                  .metrics = metrics,
                                  .source = source,
                                  .parked = PARKED_SET_INIT,
                                  .nothing = row_fold_new(view->columns, view->n_columns) };
        parked_retry_init(&parking->retry, view, &source->feeds);
        return parked_store_new(&parking->store, view, err);
}

void view_parking_deinit(ViewParking *parking)
{
        parked_retry_deinit(&parking->retry);
        row_fold_free(parking->nothing);
        parked_set_deinit(&parking->parked);
        parked_store_free(parking->store);
}

static void count(ViewParking *parking)
{
        metric_set_part(parking->metrics->parked, &parking->counted,
                        (int64_t)parked_set_count(&parking->parked));
}

static void add_parked(void *data, Feed *feed, const char *aggregate_id)
{
        ViewParking *parking = data;

        parked_set_add(&parking->parked, feed, aggregate_id);
}

ErrorCode view_parking_take(ViewParking *parking, ViewSession *session, Feed *const *feeds,
                            size_t n, Error *err)
{
        ErrorCode code = parked_store_list(parking->store, view_session_conn(session), feeds, n,
                                           add_parked, parking, err);

        count(parking);
        return code;
}

void view_parking_release(ViewParking *parking, const Feed *feed)
{
        if (feed)
                parked_set_forget(&parking->parked, feed);
        else
                parked_set_clear(&parking->parked);
        parking->more = false;
        count(parking);
}

/* All tries are used up, and everything before the event is committed. */
static bool must_park(const ViewParking *parking, const Feed *feed)
{
        return feed->source == FEED_HELD && feed->held_by_event &&
               feed->tries >= parking->config->park_tries &&
               feed->position + 1 == feed->failed_position;
}

bool view_parking_is_due(const ViewParking *parking)
{
        const FeedList *feeds = &parking->source->feeds;

        for (size_t i = 0; i < feeds->n_feeds; i++)
                if (must_park(parking, feeds->feeds[i]))
                        return true;
        return false;
}

/* The parked row and the checkpoint behind the event, together. */
static ErrorCode write_parked(ViewParking *parking, ViewSession *session, Feed *feed,
                              const Event *event, bool *ret_parked, Error *err)
{
        PGconn *conn = view_session_conn(session);
        int64_t deadline_us = view_session_deadline_us();
        ErrorCode code = pg_exec(conn, "BEGIN", NULL, NULL, deadline_us, "park an aggregate", err);

        if (code)
                return code;
        feed_list_mark(&parking->source->feeds, feed, event->position, feed->offset);
        code = view_session_send(session, NULL, parking->nothing, &parking->source->feeds, false,
                                 err);
        feed_list_mark(&parking->source->feeds, NULL, 0, 0);
        if (!code)
                code = view_session_receive(session, err);
        if (!code)
                code = parked_store_add(parking->store, conn, feed, event,
                                        parking->config->parked_aggregates_max, ret_parked, err);
        if (code)
                return code;
        return pg_exec(conn, *ret_parked ? "COMMIT" : "ROLLBACK", NULL, NULL, deadline_us,
                       "park an aggregate", err);
}

static void log_parked(const ViewParking *parking, const Feed *feed, const Event *event)
{
        _cleanup_(buffer_deinit) Buffer id = BUFFER_INIT;

        json_string_encode(&id, event->aggregate_id, strlen(event->aggregate_id));
        log_write(LOG_LEVEL_ERROR, "aggregate-parked", event->correlation_id,
                  "%s: %s %s is parked at event %" PRId64 " (%s), %s partition %" PRId32
                  " position %" PRId64 ", after %" PRId64 " tries: %s",
                  parking->view->model->view, event->aggregate_type, id.data, event->sequence,
                  event->type, feed->topic, feed->partition, event->position, feed->tries,
                  feed->failure.message);
}

static ErrorCode park_event(ViewParking *parking, ViewSession *session, Feed *feed,
                            const Event *event, Error *err)
{
        bool parked = false;
        ErrorCode code = write_parked(parking, session, feed, event, &parked, err);

        if (code)
                return code;
        if (!parked) {
                feed->tries--; /* the next try may succeed */
                log_error("parking-full",
                          "%s: %" PRId64
                          " aggregates are parked, no more are (parked_aggregates_max)"
                          ": is the projection broken, or too old for these events?",
                          parking->view->model->view, parking->config->parked_aggregates_max);
                view_source_hold(parking->source, feed, feed->failure.message);
                return ERROR_NONE;
        }
        log_parked(parking, feed, event);
        metric_add(parking->metrics->parkings, 1);
        parked_set_add(&parking->parked, feed, event->aggregate_id);
        feed->position = event->position;
        feed->held_by_event = false;
        feed->tries = 0;
        backoff_reset(&feed->backoff);
        feed_rewind(feed);
        return view_source_read_topic(parking->source, feed, err);
}

/* What is parked is what the event store has, whatever the topic says. */
static ErrorCode park(ViewParking *parking, ViewSession *session, Feed *feed, Error *err)
{
        _cleanup_(event_batch_freep) EventBatch *events = NULL;
        ErrorCode code =
                store_read_log(view_session_conn(session), feed->aggregate->name, feed->partition,
                               feed->position, 1, &events, view_session_deadline_us(), err);

        if (code)
                return code;
        if (events->n_events == 1 && events->events[0].position == feed->failed_position)
                return park_event(parking, session, feed, &events->events[0], err);
        feed->untrue_position = feed->failed_position;
        feed->held_by_event = false;
        feed->tries = 0;
        feed_rewind(feed);
        return view_source_read_topic(parking->source, feed, err);
}

ErrorCode view_parking_park(ViewParking *parking, ViewSession *session, Error *err)
{
        const FeedList *feeds = &parking->source->feeds;
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && i < feeds->n_feeds; i++)
                if (must_park(parking, feeds->feeds[i]))
                        code = park(parking, session, feeds->feeds[i], err);
        count(parking);
        return code;
}

typedef struct Wish {
        Feed *feed;
        char *aggregate_id;
} Wish;

typedef struct Wishes {
        Wish list[PARKED_WISHES_MAX];
        size_t n;
} Wishes;

static void add_wish(void *data, Feed *feed, const char *aggregate_id)
{
        Wishes *wishes = data;
        char *copy = strdup(aggregate_id);

        if (!copy)
                abort();
        wishes->list[wishes->n++] = (Wish){ feed, copy };
}

static void wishes_deinit(Wishes *wishes)
{
        for (size_t i = 0; i < wishes->n; i++)
                free(wishes->list[i].aggregate_id);
}

static void note(ViewParking *parking, const Wish *wish, const ParkedStep *step)
{
        _cleanup_(buffer_deinit) Buffer id = BUFFER_INIT;
        const char *view = parking->view->model->view, *type = wish->feed->aggregate->name;

        json_string_encode(&id, wish->aggregate_id, strlen(wish->aggregate_id));
        if (step->dropped) {
                metric_add(parking->metrics->drops, 1);
                log_warning("event-dropped", "%s: an event of %s %s is left out, as wanted", view,
                            type, id.data);
        }
        if (step->outcome == PARKED_STAYS) {
                metric_add(parking->metrics->failures, 1);
                log_warning("aggregate-stays-parked", "%s: %s %s: %s", view, type, id.data,
                            step->failure.message);
        }
        if (step->outcome != PARKED_DONE)
                return;
        parked_set_remove(&parking->parked, wish->feed, wish->aggregate_id);
        log_info("aggregate-unparked", "%s: %s %s is up to date again", view, type, id.data);
}

/* @steps: transactions that may still be made. */
static ErrorCode grant(ViewParking *parking, ViewSession *session, const Wish *wish, int *steps,
                       Error *err)
{
        ParkedStep step = { .outcome = PARKED_MORE };

        while (step.outcome == PARKED_MORE && (*steps)-- > 0) {
                ErrorCode code = parked_retry_step(&parking->retry, parking->store, session,
                                                   wish->feed, wish->aggregate_id, &step, err);

                if (code)
                        return code;
                note(parking, wish, &step);
        }
        return ERROR_NONE;
}

static size_t list_owned(const FeedList *feeds, Feed **ret)
{
        size_t n = 0;

        for (size_t i = 0; i < feeds->n_feeds; i++)
                if (feeds->feeds[i]->source != FEED_NONE)
                        ret[n++] = feeds->feeds[i];
        return n;
}

ErrorCode view_parking_serve(ViewParking *parking, ViewSession *session, Error *err)
{
        const FeedList *feeds = &parking->source->feeds;
        _cleanup_(freep) Feed **owned = calloc(feeds->n_feeds + 1, sizeof(Feed *));
        _cleanup_(wishes_deinit) Wishes wishes = { .n = 0 };
        int steps = STEPS_MAX;
        ErrorCode code;

        if (!owned)
                return error_no_memory(err);
        parking->more = false;
        if (parked_set_count(&parking->parked) == 0)
                return ERROR_NONE;
        code = parked_store_wanted(parking->store, view_session_conn(session), owned,
                                   list_owned(feeds, owned), add_wish, &wishes, err);
        for (size_t i = 0; !code && i < wishes.n && steps > 0; i++)
                code = grant(parking, session, &wishes.list[i], &steps, err);
        parking->more = steps <= 0 || wishes.n == PARKED_WISHES_MAX;
        count(parking);
        return code;
}
