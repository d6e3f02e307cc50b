#pragma once

/*
 * arena.h — many small allocations that live and die together.
 *
 * Running out of memory ends the process, as in buffer.h.
 */

#include <stddef.h>

#include "common/base/cleanup.h"

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
        ArenaBlock *blocks; /* newest first */
} Arena;

#define ARENA_INIT ((Arena){ .blocks = NULL })

/* Free everything that came from the arena; it is empty and usable afterwards. */
void arena_deinit(Arena *arena);

/* Zeroed memory for @n items of @size bytes, aligned for any type; never NULL. */
void *arena_alloc(Arena *arena, size_t n, size_t size);

/* A NUL-terminated copy. */
char *arena_copy_n(Arena *arena, const char *text, size_t size);
char *arena_copy(Arena *arena, const char *text);
