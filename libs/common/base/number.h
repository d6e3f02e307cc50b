#pragma once

/*
 * number.h — whole numbers in texts that others have written.
 */

#include <stdbool.h>
#include <stdint.h>

/* @text is a number from 1 to @max and nothing else: digits, the first one not 0. @ret is set then only. */
bool number_read(const char *text, int64_t max, int64_t *ret);
