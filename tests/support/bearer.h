#pragma once

/*
 * bearer.h — credentials that a test makes up, as skafu's development tokens are.
 */

#include <stddef.h>

/**
 * bearer_header() - "Authorization: Bearer …\r\n", valid for ten minutes
 * @secret:  for HS256
 * @groups:  a JSON array
 *
 * Fails the test when @ret_header is too small.
 */
void bearer_header(char *ret_header, size_t size, const char *secret, const char *user,
                   const char *groups);
