#include "relay_feed.h"

#include <assert.h>
#include <inttypes.h>

#include "common/base/clock.h"
#include "common/kafka/event_message.h"
#include "common/store/store.h"

#define READ_BACK_SIZE  1000 /* events read from the store at a time */
#define READ_TIMEOUT_US (5 * US_PER_SEC)

static ErrorCode produce(const RelayFeed *feed, RelayLog *log, const Event *event, Error *err)
{
        ErrorCode code;

        assert(event->position == log->produced + 1);
        code = event_message_produce(feed->producer, log->topic, event, feed->scratch, log, err);
        if (code)
                return code;
        log->produced = event->position;
        relay_log_note_queued(log, feed->scratch->size);
        if (!log->sampled) {
                log->sampled = event->position;
                log->sampled_stored_us = event->timestamp_us;
        }
        return ERROR_NONE;
}

static ErrorCode produce_from_store(const RelayFeed *feed, RelayLog *log, Error *err)
{
        _cleanup_(event_batch_freep) EventBatch *batch = NULL;
        ErrorCode code;

        code = store_read_log(feed->conn, log->aggregate_type, log->partition, log->produced,
                              relay_log_read_size(log, READ_BACK_SIZE), &batch,
                              clock_monotonic_us() + READ_TIMEOUT_US, err);
        if (code)
                return code;
        if (batch->n_events == 0 || batch->events[0].position != log->produced + 1)
                return error_set(err, ERROR_INTERNAL,
                                 "%s partition %" PRId32 ": position %" PRId64
                                 " is committed but not in the store",
                                 log->topic, log->partition, log->produced + 1);
        for (size_t i = 0; !code && i < batch->n_events; i++)
                code = produce(feed, log, &batch->events[i], err);
        return code;
}

static ErrorCode produce_offer(const RelayFeed *feed, RelayLog *log, const StoredEvents *events,
                               Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && i < stored_events_count(events); i++) {
                const Event *event = stored_events_at(events, i);

                if (event->position > log->produced)
                        code = produce(feed, log, event, err);
        }
        return code;
}

ErrorCode relay_feed(const RelayFeed *feed, RelayLog *log, Error *err)
{
        ErrorCode code = ERROR_NONE;

        while (!code && log->produced < atomic_load(&log->committed) &&
               relay_log_has_room(log, feed->window)) {
                _cleanup_(stored_events_unrefp) StoredEvents *events =
                        relay_log_take(log, log->produced + 1);

                code = events ? produce_offer(feed, log, events, err)
                              : produce_from_store(feed, log, err);
        }
        /* A full queue is no failure: its reports make room, and the store has what was dropped. */
        return code == ERROR_UNAVAILABLE && rd_kafka_outq_len(feed->producer) > 0 ? ERROR_NONE
                                                                                  : code;
}
