#include "command_queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "common/base/clock.h"

struct CommandQueue {
        pthread_mutex_t lock;
        pthread_cond_t filled;
        CommandRequest *first;
        CommandRequest **end;
        size_t n_requests;
        size_t limit;
        bool closed;
};

CommandQueue *command_queue_new(size_t limit)
{
        CommandQueue *queue = calloc(1, sizeof *queue);

        if (!queue)
                return NULL;
        (void)pthread_mutex_init(&queue->lock, NULL);
        (void)pthread_cond_init(&queue->filled, NULL);
        queue->end = &queue->first;
        queue->limit = limit;
        return queue;
}

void command_queue_free(CommandQueue *queue)
{
        if (!queue)
                return;
        assert(!queue->first);
        (void)pthread_cond_destroy(&queue->filled);
        (void)pthread_mutex_destroy(&queue->lock);
        free(queue);
}

ErrorCode command_queue_push(CommandQueue *queue, CommandRequest *request, Error *err)
{
        MUTEX_GUARD(&queue->lock);

        if (queue->closed)
                return error_set(err, ERROR_UNAVAILABLE, "the service is stopping");
        if (queue->n_requests >= queue->limit)
                return error_set(err, ERROR_UNAVAILABLE, "too many commands wait (%zu)",
                                 queue->n_requests);
        request->next = NULL;
        *queue->end = request;
        queue->end = &request->next;
        /* The writer takes everything at once, so only the first one has to wake it. */
        if (queue->n_requests++ == 0)
                (void)pthread_cond_signal(&queue->filled);
        return ERROR_NONE;
}

/* Wait for a request or the end, under the lock. */
static void wait_filled(CommandQueue *queue, int64_t wait_us)
{
        struct timespec until;
        int64_t until_us = clock_monotonic_us() + wait_us;

        until.tv_sec = (time_t)(until_us / US_PER_SEC);
        until.tv_nsec = (long)(until_us % US_PER_SEC) * 1000;
        while (!queue->first && !queue->closed) {
                if (wait_us < 0)
                        (void)pthread_cond_wait(&queue->filled, &queue->lock);
                else if (pthread_cond_clockwait(&queue->filled, &queue->lock, CLOCK_MONOTONIC,
                                                &until) == ETIMEDOUT)
                        return;
        }
}

bool command_queue_take(CommandQueue *queue, size_t max, int64_t wait_us, CommandRequest **ret)
{
        CommandRequest **end;
        MUTEX_GUARD(&queue->lock);

        assert(max > 0);
        wait_filled(queue, wait_us);
        *ret = queue->first;
        if (!queue->first)
                return !queue->closed;
        end = &queue->first;
        while (*end && max > 0) {
                end = &(*end)->next;
                queue->n_requests--;
                max--;
        }
        queue->first = *end;
        *end = NULL;
        if (!queue->first)
                queue->end = &queue->first;
        return true;
}

void command_queue_close(CommandQueue *queue)
{
        MUTEX_GUARD(&queue->lock);

        queue->closed = true;
        (void)pthread_cond_signal(&queue->filled);
}
