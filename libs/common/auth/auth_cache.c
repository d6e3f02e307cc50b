#include "common/auth/auth_cache.h"

#include <string.h>

#define N_SETS 1024U
#define N_WAYS 4U

typedef struct Entry {
        uint8_t digest[HASH_SHA256_SIZE];
        Principal *principal; /* NULL: free */
        int64_t expires_us;
} Entry;

struct AuthCache {
        pthread_mutex_t lock;
        uint64_t generation; /* counts clears */
        Entry entries[N_SETS][N_WAYS];
};

AuthCache *auth_cache_new(void)
{
        AuthCache *cache = calloc(1, sizeof *cache);

        if (cache)
                (void)pthread_mutex_init(&cache->lock, NULL);
        return cache;
}

void auth_cache_free(AuthCache *cache)
{
        if (!cache)
                return;
        auth_cache_clear(cache);
        (void)pthread_mutex_destroy(&cache->lock);
        free(cache);
}

static Entry *set_of(AuthCache *cache, const uint8_t *digest)
{
        return cache->entries[(digest[0] | (unsigned)digest[1] << 8) % N_SETS];
}

Principal *auth_cache_get(AuthCache *cache, const uint8_t digest[HASH_SHA256_SIZE], int64_t now_us)
{
        Entry *set = set_of(cache, digest);

        MUTEX_GUARD(&cache->lock);
        for (size_t i = 0; i < N_WAYS; i++) {
                if (set[i].principal && memcmp(set[i].digest, digest, sizeof set[i].digest) == 0)
                        return now_us < set[i].expires_us ? principal_ref(set[i].principal) : NULL;
        }
        return NULL;
}

void auth_cache_put(AuthCache *cache, const uint8_t digest[HASH_SHA256_SIZE], Principal *principal,
                    int64_t expires_us, uint64_t generation)
{
        Entry *set = set_of(cache, digest), *place = &set[0];

        MUTEX_GUARD(&cache->lock);
        if (generation != cache->generation)
                return;
        /* the same token again, else a free place, else the one that expires first */
        for (size_t i = 0; i < N_WAYS; i++) {
                if (set[i].principal && memcmp(set[i].digest, digest, sizeof set[i].digest) == 0) {
                        place = &set[i];
                        break;
                }
                if (place->principal &&
                    (!set[i].principal || set[i].expires_us < place->expires_us))
                        place = &set[i];
        }
        principal_free(place->principal);
        memcpy(place->digest, digest, sizeof place->digest);
        place->principal = principal_ref(principal);
        place->expires_us = expires_us;
}

uint64_t auth_cache_generation(AuthCache *cache)
{
        MUTEX_GUARD(&cache->lock);
        return cache->generation;
}

void auth_cache_clear(AuthCache *cache)
{
        MUTEX_GUARD(&cache->lock);
        cache->generation++;
        for (size_t i = 0; i < N_SETS; i++) {
                for (size_t j = 0; j < N_WAYS; j++) {
                        principal_free(cache->entries[i][j].principal);
                        cache->entries[i][j].principal = NULL;
                }
        }
}
