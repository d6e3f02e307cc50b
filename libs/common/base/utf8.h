#pragma once

/*
 * utf8.h — whether bytes are UTF-8, and where they stop being it.
 */

#include <stdbool.h>
#include <stddef.h>

/* Bytes of @text that are whole, well-formed characters (no surrogates, nothing overlong, at most
 * U+10FFFF); @size when all are. Thread: any. */
size_t utf8_prefix(const char *text, size_t size);

static inline bool utf8_valid(const char *text, size_t size)
{
        return utf8_prefix(text, size) == size;
}
