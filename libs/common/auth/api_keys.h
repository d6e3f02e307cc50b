#pragma once

/*
 * api_keys.h — hashes of the API keys that are accepted, with their expiry.
 */

#include <stdint.h>

#include "common/auth/principal.h"
#include "common/base/error.h"

#define API_KEY_NAME_BYTES_MAX 128

typedef struct ApiKeys ApiKeys;

/**
 * api_keys_parse() - lines "sha256-hex expiry-RFC-3339 name"; empty lines and '#' comments
 *
 * The name is the rest of the line: who is sending, as events say it. Keys that share a name are one
 * sender's, such as an old one and its successor.
 *
 * Return: ERROR_NONE; ERROR_INVALID naming the line.
 */
_must_check_ ErrorCode api_keys_parse(ApiKeys **ret, const char *text, size_t size, Error *err);
void api_keys_free(ApiKeys *keys);
DEFINE_CLEANUP(ApiKeys *, api_keys_free)

/**
 * api_keys_check() - who sends @key
 * @ret:  another owner of the key's principal
 *
 * Thread: any. Return: ERROR_NONE; ERROR_UNAUTHENTICATED when @key is unknown or has expired.
 */
_must_check_ ErrorCode api_keys_check(const ApiKeys *keys, const char *key, int64_t now_us,
                                      Principal **ret, Error *err);
