#include "common/base/uuid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/clock.h"
#include "common/base/hash.h"

/* Random bytes are fetched in blocks: one system call per 64 identifiers. */
typedef struct RandomPool {
        uint8_t bytes[640];
        size_t left;
        int64_t last_ms;
        uint32_t
                counter; /* 12 bits of sub-millisecond order, then wraps into the next millisecond */
} RandomPool;

static void pool_take(RandomPool *pool, uint8_t *bytes, size_t size)
{
        if (pool->left < size) {
                for (size_t got = 0; got < sizeof pool->bytes;) {
                        ssize_t n = getrandom(pool->bytes + got, sizeof pool->bytes - got, 0);

                        if (n > 0)
                                got += (size_t)n;
                }
                pool->left = sizeof pool->bytes;
        }
        memcpy(bytes, pool->bytes + sizeof pool->bytes - pool->left, size);
        pool->left -= size;
}

Uuid uuid_new(void)
{
        static _Thread_local RandomPool pool;
        int64_t now_ms = clock_now_us() / US_PER_MS;
        uint8_t random[10];
        Uuid uuid;

        pool_take(&pool, random, sizeof random);
        if (now_ms > pool.last_ms) {
                pool.last_ms = now_ms;
                pool.counter = ((uint32_t)random[0] << 8 | random[1]) & 0x7ff;
        } else if (++pool.counter > 0xfff) {
                pool.last_ms++;
                pool.counter = 0;
        }
        for (int i = 0; i < 6; i++)
                uuid.bytes[i] = (uint8_t)(pool.last_ms >> (40 - 8 * i));
        uuid.bytes[6] = (uint8_t)(0x70 | (pool.counter >> 8));
        uuid.bytes[7] = (uint8_t)pool.counter;
        memcpy(uuid.bytes + 8, random + 2, 8);
        uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
        return uuid;
}

void uuid_format(const Uuid *uuid, char ret_text[UUID_TEXT_SIZE])
{
        static const char digits[] = "0123456789abcdef";
        char *p = ret_text;

        for (int i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *p++ = '-';
                *p++ = digits[uuid->bytes[i] >> 4];
                *p++ = digits[uuid->bytes[i] & 15];
        }
        *p = '\0';
}

static int hex_value(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

bool uuid_parse(const char *text, size_t size, Uuid *ret)
{
        Uuid uuid;
        size_t at = 0;

        if (size != UUID_TEXT_SIZE - 1)
                return false;
        for (int i = 0; i < 16; i++) {
                int high, low;

                if (i == 4 || i == 6 || i == 8 || i == 10) {
                        if (text[at++] != '-')
                                return false;
                }
                high = hex_value(text[at++]);
                low = hex_value(text[at++]);
                if (high < 0 || low < 0)
                        return false;
                uuid.bytes[i] = (uint8_t)(high << 4 | low);
        }
        *ret = uuid;
        return true;
}

Uuid uuid_from_name(const void *name, size_t size)
{
        uint8_t digest[HASH_SHA256_SIZE];
        Uuid uuid;

        hash_sha256(name, size, digest);
        memcpy(uuid.bytes, digest, sizeof uuid.bytes);
        uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x80);
        uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
        return uuid;
}
