#pragma once

/*
 * base64url.h — bytes as URL-safe base64 (RFC 4648, section 5), without padding.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buffer.h"

void base64url_encode(Buffer *ret, const void *data, size_t size);

/* Append the bytes; false, and @ret untouched, when @text is not what base64url_encode() makes. */
bool base64url_decode(Buffer *ret, const char *text, size_t size);
