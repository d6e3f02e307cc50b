#include "topic_end.h"

#include <inttypes.h>

#include "common/daemon/log.h"

void topic_end_check(ViewSource *source, Feed *feed)
{
        bool missing = feed->at_end && feed->next_position < feed->published_then;

        if (missing &&
            (feed->source == FEED_TOPIC || (feed->source == FEED_HELD && !feed->held_by_event))) {
                metric_add(source->metrics->gaps, 1);
                log_warning("gap",
                            "%s: %s partition %" PRId32 " ends before position %" PRId64
                            ", which was published; reading the event store",
                            source->view->model->view, feed->topic, feed->partition,
                            feed->published_then);
                view_source_read_store(source, feed, feed->published_then);
        }
        if (feed->position > feed->last_position && feed->source != FEED_HELD)
                view_source_hold(source, feed,
                                 "the view is ahead of the event store: does the topic belong to "
                                 "another database?");
}
