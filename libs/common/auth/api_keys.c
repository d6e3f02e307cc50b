#include "common/auth/api_keys.h"

#include <gnutls/gnutls.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/utf8.h"

typedef struct ApiKey {
        uint8_t digest[HASH_SHA256_SIZE];
        int64_t expires_us;
        Principal *principal;
} ApiKey;

struct ApiKeys {
        size_t n, capacity;
        ApiKey *keys;
};

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_digest(const char *text, size_t size, uint8_t *ret)
{
        if (size != (size_t)HASH_SHA256_SIZE * 2)
                return false;
        for (size_t i = 0; i < HASH_SHA256_SIZE; i++) {
                int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

                if (high < 0 || low < 0)
                        return false;
                ret[i] = (uint8_t)(high * 16 + low);
        }
        return true;
}

/* The next word of [*p, end); { 0 } size at the end. */
static size_t next_word(const char **p, const char *end)
{
        const char *word;

        while (*p < end && (**p == ' ' || **p == '\t' || **p == '\r'))
                (*p)++;
        word = *p;
        while (word < end && *word != ' ' && *word != '\t' && *word != '\r')
                word++;
        return (size_t)(word - *p);
}

static ErrorCode read_name(ApiKey *key, const char *p, const char *end, unsigned line, Error *err)
{
        char name[API_KEY_NAME_BYTES_MAX + 1];
        size_t size;

        while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
                end--;
        size = (size_t)(end - p);
        if (size == 0)
                return error_set(err, ERROR_INVALID, "line %u has no name", line);
        if (size > API_KEY_NAME_BYTES_MAX || !utf8_valid(p, size))
                return error_set(err, ERROR_INVALID, "line %u has a name over %d bytes of UTF-8",
                                 line, API_KEY_NAME_BYTES_MAX);
        for (size_t i = 0; i < size; i++)
                if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
                        return error_set(err, ERROR_INVALID,
                                         "line %u has a control character in its name", line);
        memcpy(name, p, size);
        name[size] = '\0';
        key->principal = principal_new_api_key(name);
        return key->principal ? ERROR_NONE : error_no_memory(err);
}

static ErrorCode add_key(ApiKeys *keys, const ApiKey *key, Error *err)
{
        if (keys->n == keys->capacity) {
                size_t capacity = keys->capacity ? keys->capacity * 2 : 8;
                ApiKey *larger = realloc(keys->keys, capacity * sizeof *larger);

                if (!larger)
                        return error_no_memory(err);
                keys->keys = larger;
                keys->capacity = capacity;
        }
        keys->keys[keys->n++] = *key;
        return ERROR_NONE;
}

static ErrorCode parse_line(ApiKeys *keys, const char *p, const char *end, unsigned line,
                            Error *err)
{
        size_t size = next_word(&p, end);
        ApiKey key = { .principal = NULL };
        ErrorCode code;

        if (!size || *p == '#')
                return ERROR_NONE;
        if (!read_digest(p, size, key.digest))
                return error_set(err, ERROR_INVALID, "line %u does not begin with a SHA-256 in hex",
                                 line);
        p += size;
        size = next_word(&p, end);
        if (clock_parse(p, size, &key.expires_us, NULL))
                return error_set(err, ERROR_INVALID,
                                 "line %u has no expiry such as 2030-01-31T00:00:00Z", line);
        p += size;
        (void)next_word(&p, end);
        code = read_name(&key, p, end, line, err);
        if (!code)
                code = add_key(keys, &key, err);
        if (code)
                principal_free(key.principal);
        return code;
}

ErrorCode api_keys_parse(ApiKeys **ret, const char *text, size_t size, Error *err)
{
        _cleanup_(api_keys_freep) ApiKeys *keys = calloc(1, sizeof *keys);
        const char *p = text, *end = text + size;
        ErrorCode code = ERROR_NONE;

        if (!keys)
                return error_no_memory(err);
        for (unsigned line = 1; !code && p < end; line++) {
                const char *newline = memchr(p, '\n', (size_t)(end - p));

                code = parse_line(keys, p, newline ? newline : end, line, err);
                p = newline ? newline + 1 : end;
        }
        if (!code)
                *ret = TAKE_PTR(keys);
        return code;
}

void api_keys_free(ApiKeys *keys)
{
        if (!keys)
                return;
        for (size_t i = 0; i < keys->n; i++)
                principal_free(keys->keys[i].principal);
        free(keys->keys);
        free(keys);
}

ErrorCode api_keys_check(const ApiKeys *keys, const char *key, int64_t now_us, Principal **ret,
                         Error *err)
{
        uint8_t digest[HASH_SHA256_SIZE];
        const ApiKey *found = NULL;

        hash_sha256(key, strlen(key), digest);
        for (size_t i = 0; keys && i < keys->n; i++) { /* all of them: time tells nothing */
                if (gnutls_memcmp(keys->keys[i].digest, digest, sizeof digest) == 0)
                        found = &keys->keys[i];
        }
        if (!found)
                return error_set(err, ERROR_UNAUTHENTICATED, "the API key is not known");
        if (now_us >= found->expires_us)
                return error_set(err, ERROR_UNAUTHENTICATED, "the API key has expired");
        *ret = principal_ref(found->principal);
        return ERROR_NONE;
}
