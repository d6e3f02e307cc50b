#pragma once

/*
 * sdl_string.h — GraphQL string literals, "…" and """…""", decoded.
 */

#include "common/base/buffer.h"

/**
 * sdl_string_decode() - append the value of the string literal that starts at @p
 * @p:          at the first quote
 * @ret_fault:  on failure: what is wrong, static text
 *
 * The result is UTF-8 without NUL. Block strings lose their common indent and blank first and last
 * lines, as the GraphQL specification says.
 *
 * Return: the first byte behind the literal; NULL on failure.
 */
const char *sdl_string_decode(Buffer *value, const char *p, const char *end,
                              const char **ret_fault);
