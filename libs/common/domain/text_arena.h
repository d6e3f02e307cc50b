#pragma once

/*
 * text_arena.h — many small texts that are given up together. They never move.
 *
 * Running out of memory ends the process with a message, as Buffer does.
 */

#include <stddef.h>

#include "common/base/cleanup.h"

typedef struct TextArena {
        struct TextArenaBlock *blocks; /* the one that is being filled first */
        size_t used;                   /* bytes handed out since the last clear */
} TextArena;

#define TEXT_ARENA_INIT ((TextArena){ .blocks = NULL })

void text_arena_deinit(TextArena *arena);

/* Give up all texts; keep one block of memory for what comes. */
void text_arena_clear(TextArena *arena);

/* A copy of @text, NUL-terminated, valid until the arena is cleared. */
const char *text_arena_copy(TextArena *arena, const char *text, size_t size);
