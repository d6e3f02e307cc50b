#include "change_outlet.h"

#include <inttypes.h>
#include <stdlib.h>

#include "change_session.h"
#include "change_topic.h"
#include "common/base/clock.h"
#include "common/daemon/log.h"

#define FLUSH_SLICE_MS 20

void change_outlet_init(ChangeOutlet *outlet, const ProjectorConfig *config,
                        const ChangeMetrics *metrics, const char *view, int wake_fd)
{
        *outlet = (ChangeOutlet){ .config = config, .metrics = metrics, .wake_fd = wake_fd };
        outlet->backoff = BACKOFF_INIT(50 * US_PER_MS, config->retry_ms_max * US_PER_MS);
        buffer_printf(&outlet->topic_name, "%s.%s.changes", config->topic_prefix, view);
        outlet->topic = (ChangeTopic){ .view = view, .name = outlet->topic_name.data };
        change_window_init(&outlet->window, (size_t)config->change_window_rows);
}

void change_outlet_deinit(ChangeOutlet *outlet)
{
        change_window_deinit(&outlet->window);
        buffer_deinit(&outlet->topic_name);
        buffer_deinit(&outlet->topic.key);
        buffer_deinit(&outlet->topic.value);
        free(outlet->ends);
}

/* We are alone in the topic, so every message follows the one before: what does not was not ours, or follows what
 * the broker has lost. */
static void check_offset(ChangeOutlet *outlet, const rd_kafka_message_t *message)
{
        int64_t *end;

        if (message->partition < 0 || message->partition >= outlet->topic.partitions)
                return;
        end = &outlet->ends[message->partition];
        if (message->offset < 0) {
                *end = -1;
                return;
        }
        if (*end >= 0 && message->offset < *end)
                outlet->lost = true;
        if (*end >= 0 && message->offset > *end)
                outlet->intruded = true;
        *end = message->offset + 1;
}

static void delivered(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
        ChangeOutlet *outlet = opaque;

        if (outlet->failed)
                return;
        if (message->err) {
                log_warning("change-publish-failed", "%s partition %" PRId32 ": %s",
                            outlet->topic.name, message->partition, rd_kafka_err2str(message->err));
                outlet->failed = true;
                return;
        }
        check_offset(outlet, message);
        change_window_ack(&outlet->window, (int64_t)(intptr_t)message->_private);
        backoff_reset(&outlet->backoff);
        if (outlet->sampled && outlet->window.arrived >= outlet->sampled) {
                metric_observe_us(outlet->metrics->publish_time,
                                  clock_now_us() - outlet->sampled_changed_us);
                outlet->sampled = 0;
        }
}

static void drop_rows(ChangeOutlet *outlet)
{
        PQclear(TAKE_PTR(outlet->rows));
        outlet->next_row = 0;
        change_entries_deinit(&outlet->entries);
        outlet->is_open = false;
}

void change_outlet_close(ChangeOutlet *outlet)
{
        outlet->failed = true; /* reports of purged messages mean nothing */
        kafka_producer_free(TAKE_PTR(outlet->producer));
        outlet->failed = false;
        outlet->sampled = 0;
        change_window_reset(&outlet->window, outlet->window.arrived);
        drop_rows(outlet);
}

static ErrorCode learn_topic(ChangeOutlet *outlet, Error *err)
{
        int64_t total = 0;
        ErrorCode code = change_topic_ensure(&outlet->topic, outlet->config, outlet->producer, err);

        if (code)
                return code;
        free(outlet->ends);
        outlet->ends = calloc((size_t)outlet->topic.partitions, sizeof *outlet->ends);
        if (!outlet->ends)
                return error_no_memory(err);
        code = change_topic_ends(&outlet->topic, outlet->producer, outlet->ends, err);
        for (int p = 0; !code && p < outlet->topic.partitions; p++)
                total += outlet->ends[p];
        if (!code && total == 0 && outlet->window.arrived > outlet->empty)
                outlet->lost = true;
        return code;
}

ErrorCode change_outlet_open(ChangeOutlet *outlet, Error *err)
{
        rd_kafka_queue_t *queue;
        ErrorCode code;

        if (outlet->producer)
                return ERROR_NONE;
        code = kafka_group_producer_new(&outlet->producer, outlet->config->kafka_brokers,
                                        "projector-svc", delivered, outlet, err);
        if (code)
                return code;
        code = learn_topic(outlet, err);
        outlet->away = code != ERROR_NONE;
        if (code)
                return code;
        /* Reports wake the same poll() as commits do. */
        queue = rd_kafka_queue_get_main(outlet->producer);
        rd_kafka_queue_io_event_enable(queue, outlet->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
        rd_kafka_queue_destroy(queue);
        return ERROR_NONE;
}

/* Read the next change that was not handed over into outlet->change; at the end of all it is not open. */
static ErrorCode read_change(ChangeOutlet *outlet, Error *err)
{
        ChangeEntries *entries = &outlet->entries;
        ErrorCode code = ERROR_NONE;

        while (!code && !outlet->is_open) {
                while (entries->left == 0 && outlet->next_row < PQntuples(outlet->rows))
                        change_session_batch(outlet->rows, outlet->next_row++, entries);
                if (entries->left == 0)
                        return ERROR_NONE;
                code = change_entries_read(entries, &outlet->change, err);
                outlet->is_open = !code && outlet->change.change_position > outlet->window.sent;
        }
        outlet->messages_done = 0;
        return code;
}

/* @ret_full: there is no room for it now */
static ErrorCode hand_over_change(ChangeOutlet *outlet, bool *ret_full, Error *err)
{
        const Change *change = &outlet->change;
        ErrorCode code;

        if (change->change_position > outlet->window.sent + 1)
                return error_set(err, ERROR_INTERNAL,
                                 "%s: change %" PRId64 " is not in the table, but %" PRId64 " is",
                                 outlet->topic.view, outlet->window.sent + 1,
                                 change->change_position);
        if (change->change_position > outlet->window.sent) {
                *ret_full = change_window_room(&outlet->window) == 0;
                if (*ret_full)
                        return ERROR_NONE;
                (void)change_window_add(&outlet->window,
                                        change_message_count(&outlet->topic, change));
        }
        code = change_message_produce(outlet->producer, &outlet->topic, change,
                                      &outlet->messages_done, err);
        if (code)
                return code;
        outlet->is_open = false;
        if (!outlet->sampled) {
                outlet->sampled = change->change_position;
                outlet->sampled_changed_us = change->changed_us;
        }
        return ERROR_NONE;
}

/* Hand over what was read, as far as window and producer take it. */
static ErrorCode hand_over(ChangeOutlet *outlet, Error *err)
{
        bool is_full = false;
        ErrorCode code = ERROR_NONE;

        while (!code && !is_full) {
                if (!outlet->is_open)
                        code = read_change(outlet, err);
                if (!code && !outlet->is_open) {
                        drop_rows(outlet);
                        return ERROR_NONE;
                }
                if (!code)
                        code = hand_over_change(outlet, &is_full, err);
        }
        return code;
}

ErrorCode change_outlet_push(ChangeOutlet *outlet, Error *err)
{
        ErrorCode code = outlet->rows ? hand_over(outlet, err) : ERROR_NONE;

        /* Sends now, without lingering, and serves the reports. */
        if (rd_kafka_outq_len(outlet->producer) > 0)
                (void)rd_kafka_flush(outlet->producer, FLUSH_SLICE_MS);
        /* A full queue is no failure: its reports wake us. */
        return code == ERROR_UNAVAILABLE && rd_kafka_outq_len(outlet->producer) > 0 ? ERROR_NONE
                                                                                    : code;
}
