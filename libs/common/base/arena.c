#include "common/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_FIRST ((size_t)8 * 1024) /* each block is twice the one before, up to the last */
#define BLOCK_LAST  ((size_t)64 * 1024)
#define ALIGNMENT   _Alignof(max_align_t)

struct ArenaBlock {
        ArenaBlock *next;
        size_t used; /* bytes of data[] */
        size_t size;
        _Alignas(max_align_t) char data[];
};

static void drop_blocks(ArenaBlock *block)
{
        while (block) {
                ArenaBlock *next = block->next;

                free(block);
                block = next;
        }
}

void arena_deinit(Arena *arena)
{
        drop_blocks(arena->blocks);
        *arena = ARENA_INIT;
}

void arena_clear(Arena *arena)
{
        ArenaBlock *kept = arena->blocks;

        arena->used = 0;
        if (!kept)
                return;
        drop_blocks(kept->next);
        kept->next = NULL;
        kept->used = 0;
}

static void out_of_memory(void)
{
        (void)fprintf(stderr, "out of memory\n");
        abort();
}

static ArenaBlock *add_block(Arena *arena, size_t bytes)
{
        size_t size = arena->blocks ? 2 * arena->blocks->size : BLOCK_FIRST;
        ArenaBlock *block;

        if (size > BLOCK_LAST)
                size = BLOCK_LAST;
        block = malloc(sizeof *block + (bytes > size ? bytes : size));
        if (!block)
                out_of_memory();
        block->used = 0;
        block->size = bytes > size ? bytes : size;
        if (bytes > size && arena->blocks) { /* full at once: the other one stays in use */
                block->next = arena->blocks->next;
                arena->blocks->next = block;
        } else {
                block->next = arena->blocks;
                arena->blocks = block;
        }
        return block;
}

static char *take(Arena *arena, size_t bytes, size_t alignment)
{
        ArenaBlock *block = arena->blocks;
        size_t start = block ? (block->used + alignment - 1) / alignment * alignment : 0;

        if (!block || start > block->size || block->size - start < bytes) {
                block = add_block(arena, bytes);
                start = 0;
        }
        block->used = start + bytes;
        arena->used += bytes;
        return block->data + start;
}

void *arena_alloc(Arena *arena, size_t n, size_t size)
{
        size_t bytes = 0;

        if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 4)
                out_of_memory();
        return memset(take(arena, bytes, ALIGNMENT), 0, bytes);
}

char *arena_copy_n(Arena *arena, const char *text, size_t size)
{
        char *copy = take(arena, size + 1, 1);

        if (size)
                memcpy(copy, text, size);
        copy[size] = '\0';
        return copy;
}

char *arena_copy(Arena *arena, const char *text)
{
        return arena_copy_n(arena, text, strlen(text));
}
