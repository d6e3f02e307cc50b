#pragma once

/*
 * arena.h — many small things that are given up together. They never move.
 *
 * Running out of memory ends the process with a message, as Buffer does.
 */

#include <stddef.h>

#include "common/base/cleanup.h"

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
        ArenaBlock *blocks; /* the one that is being filled first */
        size_t used;        /* bytes handed out since the last clear */
} Arena;

#define ARENA_INIT ((Arena){ .blocks = NULL })

/* Free everything that came from the arena; it is empty and usable afterwards. */
void arena_deinit(Arena *arena);

/* Give up everything; keep one block of memory for what comes. */
void arena_clear(Arena *arena);

/* Zeroed memory for @n items of @size bytes, aligned for any type; never NULL. */
void *arena_alloc(Arena *arena, size_t n, size_t size);

/* A NUL-terminated copy; takes no more memory than its text. */
char *arena_copy_n(Arena *arena, const char *text, size_t size);
char *arena_copy(Arena *arena, const char *text);
