#pragma once

/*
 * change_window.h — changes on their way to the broker: how far all of them have arrived.
 *
 * Positions rise by one, but a change may be several messages, and messages to different partitions are
 * acknowledged in any order. Thread: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ChangeWindow {
        uint32_t *missing; /* ring: acknowledgements that position->index still needs */
        size_t capacity;   /* a power of two */
        int64_t arrived;   /* all changes up to here */
        int64_t sent;      /* and all that were handed over */
} ChangeWindow;

/* Room for @n changes at least. */
void change_window_init(ChangeWindow *window, size_t n);
void change_window_deinit(ChangeWindow *window);

/* Nothing is on its way; the next change has position @arrived + 1. */
void change_window_reset(ChangeWindow *window, int64_t arrived);

size_t change_window_room(const ChangeWindow *window); /* for so many changes more */

/* The next change goes out, as @n_messages. There must be room. Return: its position. */
int64_t change_window_add(ChangeWindow *window, uint32_t n_messages);

/* One message of change @position has arrived. */
void change_window_ack(ChangeWindow *window, int64_t position);
