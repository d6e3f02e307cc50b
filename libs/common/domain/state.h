#pragma once

/*
 * state.h — memory inside an aggregate's state, for evolve. Running out of it ends the process, as
 * with Buffer: evolve cannot fail.
 */

#include <stddef.h>

/* Replace the text in @slot by a copy of @text; NULL empties it. Free with free(). */
void state_text_set(char **slot, const char *text);

/* Heap bytes behind @text, the allocator's share included, for state_bytes(); 0 for NULL. */
size_t state_text_bytes(const char *text);

/**
 * state_list_grow() - make room for one more item
 * @items:  the list so far, NULL when it is empty; invalid afterwards
 * @n:      items in it
 *
 * Return: the list with room for @n + 1 items, the last one zeroed. Free with free().
 */
void *state_list_grow(void *items, size_t n, size_t item_size);
