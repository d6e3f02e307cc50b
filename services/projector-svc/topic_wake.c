#include "topic_wake.h"

#include "common/base/clock.h"
#include "common/kafka/kafka_consumer.h"

#define BROKERS  4 /* at a time */
#define WAKES    8 /* after the queue was full */
#define EVERY_US (5 * US_PER_MS)

void topic_wake_note(TopicWake *wake, size_t size)
{
        wake->message_size += size / 16 - wake->message_size / 16;
}

int topic_wake_poll_ms(const TopicWake *wake, int timeout_ms)
{
        int64_t due_ms;

        if (wake->left == 0)
                return timeout_ms;
        due_ms = (wake->due_us - clock_monotonic_us()) / US_PER_MS + 1;
        if (due_ms <= 0)
                return 0;
        return due_ms < timeout_ms ? (int)due_ms : timeout_ms;
}

/* Neighbouring partitions have their leaders on different brokers. */
static void wake_brokers(TopicWake *wake, rd_kafka_t *consumer, const FeedList *feeds)
{
        for (size_t i = 0, n = 0; i < feeds->n_feeds && n < BROKERS; i++) {
                const Feed *feed = feeds->feeds[(wake->next + i) % feeds->n_feeds];

                if (feed->source != FEED_TOPIC || feed->at_end)
                        continue;
                kafka_consumer_wake(consumer, feed->topic, feed->partition);
                n++;
        }
        wake->next += BROKERS;
}

void topic_wake(TopicWake *wake, rd_kafka_t *consumer, const FeedList *feeds, size_t n_taken)
{
        size_t nearly_full = wake->queue_bytes / 4 * 3, n_queued;
        int64_t now_us = clock_monotonic_us();

        if (n_taken == 0 && wake->left == 0)
                return;
        n_queued = kafka_consumer_queued(consumer);
        if ((n_queued + n_taken) * wake->message_size > nearly_full)
                wake->left = WAKES;
        if (n_queued * wake->message_size > nearly_full || wake->left == 0 || now_us < wake->due_us)
                return;
        wake->left--;
        wake->due_us = now_us + EVERY_US;
        wake_brokers(wake, consumer, feeds);
}
