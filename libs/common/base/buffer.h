#pragma once

/*
 * buffer.h — a growing byte string. Always NUL-terminated, so data can be passed as text.
 *
 * Running out of memory while appending ends the process with a message: every writer would have
 * to check every append otherwise, and there is nothing sensible left to do.
 */

#include <stddef.h>

#include "common/base/cleanup.h"

typedef struct Buffer {
        char *data;  /* NULL until something is appended */
        size_t size; /* bytes used, without the NUL */
        size_t capacity;
} Buffer;

#define BUFFER_INIT ((Buffer){ .data = NULL })

/* Free the memory; the buffer is empty and usable afterwards. */
void buffer_deinit(Buffer *buffer);

/* Empty the buffer, keep its memory. */
void buffer_clear(Buffer *buffer);

/* Forget what is behind the first @size bytes; there are at least as many. */
void buffer_truncate(Buffer *buffer, size_t size);

void buffer_append(Buffer *buffer, const void *data, size_t size);
void buffer_append_string(Buffer *buffer, const char *text);
void buffer_append_char(Buffer *buffer, char c);
_printf_(2, 3) void buffer_printf(Buffer *buffer, const char *fmt, ...);

/* Make room for @size more bytes and return where they go; add to ->size what was written. */
char *buffer_reserve(Buffer *buffer, size_t size);

/* The text so far, never NULL. Valid until the next append. */
const char *buffer_text(const Buffer *buffer);

/* Hand the memory over (free with free()); the buffer is empty afterwards. Never NULL. */
char *buffer_take(Buffer *buffer);
