#pragma once

/*
 * api_keys.h — hashes of the API keys that are accepted, with their expiry.
 */

#include <stdint.h>

#include "common/base/error.h"

typedef struct ApiKeys ApiKeys;

/**
 * api_keys_parse() - lines "sha256-hex expiry-RFC-3339 name"; empty lines and '#' comments
 *
 * Return: ERROR_NONE; ERROR_INVALID naming the line.
 */
_must_check_ ErrorCode api_keys_parse(ApiKeys **ret, const char *text, size_t size, Error *err);
void api_keys_free(ApiKeys *keys);
DEFINE_CLEANUP(ApiKeys *, api_keys_free)

/* Return: ERROR_NONE; ERROR_UNAUTHENTICATED when @key is unknown or has expired. Thread: any. */
_must_check_ ErrorCode api_keys_check(const ApiKeys *keys, const char *key, int64_t now_us,
                                      Error *err);
