#pragma once

/*
 * topic_wake.h — keeps librdkafka fetching: it looks at a queue that was full a second later only, unless something wakes it.
 *
 * The next messages should be on their way before the queue is empty. What it takes for full is not known exactly,
 * and a wake-up may come too soon, so it is woken more than once. Thread: the consumer's.
 */

#include <librdkafka/rdkafka.h>

#include "feed.h"

typedef struct TopicWake {
        size_t queue_bytes;  /* how much the consumer fetches ahead */
        size_t message_size; /* of late, bytes */
        unsigned left;       /* wake-ups since the queue was full */
        int64_t due_us;      /* none before */
        size_t next;         /* which feed's broker comes next */
} TopicWake;

/* A message of @size came from the queue. */
void topic_wake_note(TopicWake *wake, size_t size);

/* How long to wait for messages: not longer than @timeout_ms, nor than to the next wake-up. */
int topic_wake_poll_ms(const TopicWake *wake, int timeout_ms);

/* Wake @consumer when it is time for it. @n_taken messages came from its queue just now: with them it may have been full, whatever
 * is left in it. */
void topic_wake(TopicWake *wake, rd_kafka_t *consumer, const FeedList *feeds, size_t n_taken);
