#include "common/base/hash.h"

#include <assert.h>
#include <gnutls/crypto.h>

uint64_t hash_bytes(const void *data, size_t size)
{
        const uint8_t *bytes = data;
        uint64_t hash = UINT64_C(14695981039346656037);

        for (size_t i = 0; i < size; i++) {
                hash ^= bytes[i];
                hash *= UINT64_C(1099511628211);
        }
        hash ^= hash >> 32;
        hash *= UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
        return hash;
}

void hash_sha256(const void *data, size_t size, uint8_t ret_digest[HASH_SHA256_SIZE])
{
        int r = gnutls_hash_fast(GNUTLS_DIG_SHA256, data, size, ret_digest);

        assert(r == 0);
        (void)r;
}
