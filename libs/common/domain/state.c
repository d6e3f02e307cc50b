#include "common/domain/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check_memory(void *memory)
{
        if (!memory) {
                (void)fprintf(stderr, "out of memory\n");
                abort();
        }
        return memory;
}

void state_text_set(char **slot, const char *text)
{
        char *copy = text ? check_memory(strdup(text)) : NULL;

        free(*slot);
        *slot = copy;
}

/* What the allocator takes for @size bytes: its own word before them, in steps of two words. */
static size_t block_bytes(size_t size)
{
        const size_t step = 2 * sizeof(void *), least = 2 * step;
        size_t bytes = (size + sizeof(void *) + step - 1) / step * step;

        return bytes < least ? least : bytes;
}

size_t state_text_bytes(const char *text)
{
        return text ? block_bytes(strlen(text) + 1) : 0;
}

void *state_list_grow(void *items, size_t n, size_t item_size)
{
        char *grown = check_memory(reallocarray(items, n + 1, item_size));

        memset(grown + n * item_size, 0, item_size);
        return grown;
}
