#pragma once

/*
 * command_queue.h — where handlers leave requests for one writer; first in, first out, bounded.
 */

#include "command_request.h"

typedef struct CommandQueue CommandQueue;

CommandQueue *command_queue_new(size_t limit);
void command_queue_free(CommandQueue *queue); /* must be empty */
DEFINE_CLEANUP(CommandQueue *, command_queue_free)

/* Return: ERROR_NONE, or ERROR_UNAVAILABLE when the queue is full or closed. Thread: any. */
_must_check_ ErrorCode command_queue_push(CommandQueue *queue, CommandRequest *request, Error *err);

/**
 * command_queue_take() - everything that waits, at most @max, as a list through ->next
 * @wait_us:  how long to wait while there is nothing; negative: until there is something
 * @ret:      NULL when nothing came in time
 *
 * Thread: the writer.
 * Return: false when the queue is closed and empty.
 */
bool command_queue_take(CommandQueue *queue, size_t max, int64_t wait_us, CommandRequest **ret);

/* Refuse further requests; what is queued is still taken. */
void command_queue_close(CommandQueue *queue);
