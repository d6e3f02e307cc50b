#pragma once

/*
 * auth_cache.h — tokens that were verified, by their SHA-256, until they expire. Of a fixed size.
 */

#include <stdint.h>

#include "common/auth/principal.h"
#include "common/base/hash.h"

typedef struct AuthCache AuthCache;

/* NULL when out of memory. */
AuthCache *auth_cache_new(void);
void auth_cache_free(AuthCache *cache);

/* A reference to the principal of a token; NULL when not known or expired. Thread: any. */
Principal *auth_cache_get(AuthCache *cache, const uint8_t digest[HASH_SHA256_SIZE], int64_t now_us);

/* Takes a reference of its own. Another token may be forgotten. @generation as it was before the
 * verification began: when keys changed meanwhile, nothing is put. Thread: any. */
void auth_cache_put(AuthCache *cache, const uint8_t digest[HASH_SHA256_SIZE], Principal *principal,
                    int64_t expires_us, uint64_t generation);
uint64_t auth_cache_generation(AuthCache *cache);

/* Forget all: keys have changed. Thread: any. */
void auth_cache_clear(AuthCache *cache);
