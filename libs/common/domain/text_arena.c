#include "common/domain/text_arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)64 * 1024)

typedef struct TextArenaBlock {
        struct TextArenaBlock *next;
        size_t used;
        size_t size;
        char text[];
} TextArenaBlock;

static void drop_blocks(TextArenaBlock *block)
{
        while (block) {
                TextArenaBlock *next = block->next;

                free(block);
                block = next;
        }
}

void text_arena_deinit(TextArena *arena)
{
        drop_blocks(arena->blocks);
        *arena = TEXT_ARENA_INIT;
}

void text_arena_clear(TextArena *arena)
{
        TextArenaBlock *kept = arena->blocks;

        if (!kept)
                return;
        drop_blocks(kept->next);
        kept->next = NULL;
        kept->used = 0;
        arena->used = 0;
}

static TextArenaBlock *add_block(TextArena *arena, size_t size)
{
        size_t block_size = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        TextArenaBlock *block = malloc(sizeof *block + block_size);

        if (!block) {
                (void)fprintf(stderr, "out of memory\n");
                abort();
        }
        *block = (TextArenaBlock){ .size = block_size };
        if (size > BLOCK_SIZE && arena->blocks) { /* full at once: the other one stays in use */
                block->next = arena->blocks->next;
                arena->blocks->next = block;
        } else {
                block->next = arena->blocks;
                arena->blocks = block;
        }
        return block;
}

const char *text_arena_copy(TextArena *arena, const char *text, size_t size)
{
        TextArenaBlock *block = arena->blocks;
        char *copy;

        if (!block || block->size - block->used <= size)
                block = add_block(arena, size + 1);
        copy = block->text + block->used;
        memcpy(copy, text, size);
        copy[size] = '\0';
        block->used += size + 1;
        arena->used += size + 1;
        return copy;
}
