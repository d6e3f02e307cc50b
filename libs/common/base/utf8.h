#pragma once

/*
 * utf8.h — whether bytes are UTF-8, and where they stop being it; characters as bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of @text that are whole, well-formed characters (no surrogates, nothing overlong, at most
 * U+10FFFF); @size when all are. Thread: any. */
size_t utf8_prefix(const char *text, size_t size);

/* The bytes of character @code into @ret, not terminated; 0 when it is none (a surrogate, out of range).
 * Thread: any. */
size_t utf8_encode(uint32_t code, char ret[4]);

static inline bool utf8_valid(const char *text, size_t size)
{
        return utf8_prefix(text, size) == size;
}
