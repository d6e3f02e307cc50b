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

size_t state_text_bytes(const char *text)
{
        return text ? strlen(text) + 1 : 0;
}

void *state_list_grow(void *items, size_t n, size_t item_size)
{
        char *grown = check_memory(reallocarray(items, n + 1, item_size));

        memset(grown + n * item_size, 0, item_size);
        return grown;
}
