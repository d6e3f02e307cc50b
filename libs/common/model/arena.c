#include "common/model/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)16 * 1024)
#define ALIGNMENT   _Alignof(max_align_t)

struct ArenaBlock {
        ArenaBlock *next;
        size_t used; /* bytes of data[] */
        size_t size;
        _Alignas(max_align_t) char data[];
};

void arena_deinit(Arena *arena)
{
        while (arena->blocks) {
                ArenaBlock *block = arena->blocks;

                arena->blocks = block->next;
                free(block);
        }
}

void *arena_alloc(Arena *arena, size_t n, size_t size)
{
        size_t bytes = 0;
        ArenaBlock *block = arena->blocks;
        void *memory;

        if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 4) {
                (void)fprintf(stderr, "out of memory\n");
                abort();
        }
        bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (!block || block->size - block->used < bytes) {
                size_t data_bytes = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

                block = calloc(1, sizeof *block + data_bytes);
                if (!block) {
                        (void)fprintf(stderr, "out of memory\n");
                        abort();
                }
                block->size = data_bytes;
                block->next = arena->blocks;
                arena->blocks = block;
        }
        memory = block->data + block->used;
        block->used += bytes;
        return memory;
}

char *arena_copy_n(Arena *arena, const char *text, size_t size)
{
        char *copy = arena_alloc(arena, size + 1, 1);

        if (size)
                memcpy(copy, text, size);
        return copy;
}

char *arena_copy(Arena *arena, const char *text)
{
        return arena_copy_n(arena, text, strlen(text));
}
