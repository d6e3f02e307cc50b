#include "common/auth/auth_keys.h"

#include <rhonabwy.h>
#include <string.h>

#define RSA_BITS_MIN   2048U
#define CANDIDATES_MAX 16 /* tried for one token */

typedef struct AuthKey {
        char *text; /* as JWK */
        char *kid;  /* NULL when it has none */
        const char *algorithm;
} AuthKey;

struct AuthKeys {
        size_t n, capacity;
        AuthKey *keys;
};

DEFINE_CLEANUP(jwk_t *, r_jwk_free)

/* The one algorithm that @jwk is for; NULL when it is for none of ours. */
static const char *algorithm_of(jwk_t *jwk)
{
        const char *use = r_jwk_get_property_str(jwk, "use");
        const char *named = r_jwk_get_property_str(jwk, "alg");
        const char *curve = r_jwk_get_property_str(jwk, "crv");
        const char *algorithm = NULL;
        unsigned bits = 0;
        int type = r_jwk_key_type(jwk, &bits, R_FLAG_IGNORE_REMOTE);

        if (!(type & R_KEY_TYPE_PUBLIC) || (use && strcmp(use, "sig") != 0))
                return NULL;
        if ((type & R_KEY_TYPE_RSA) && bits >= RSA_BITS_MIN)
                algorithm = "RS256";
        else if ((type & R_KEY_TYPE_EC) && curve && strcmp(curve, "P-256") == 0)
                algorithm = "ES256";
        else if ((type & R_KEY_TYPE_EDDSA) && curve && strcmp(curve, "Ed25519") == 0)
                algorithm = "EdDSA";
        if (algorithm && named && strcmp(algorithm, named) != 0)
                return NULL;
        return algorithm;
}

static ErrorCode add_key(AuthKeys *keys, jwk_t *jwk, Error *err)
{
        const char *algorithm = algorithm_of(jwk);
        const char *kid = r_jwk_get_property_str(jwk, "kid");
        AuthKey *key;

        if (!algorithm)
                return ERROR_NONE;
        if (keys->n == keys->capacity) {
                size_t capacity = keys->capacity ? keys->capacity * 2 : 4;
                AuthKey *larger = realloc(keys->keys, capacity * sizeof *larger);

                if (!larger)
                        return error_no_memory(err);
                keys->keys = larger;
                keys->capacity = capacity;
        }
        key = &keys->keys[keys->n];
        *key = (AuthKey){ .algorithm = algorithm };
        key->text = r_jwk_export_to_json_str(jwk, 0);
        key->kid = kid ? strdup(kid) : NULL;
        keys->n++;
        return key->text && (key->kid || !kid) ? ERROR_NONE : error_no_memory(err);
}

static ErrorCode add_jwk(AuthKeys *keys, const json_t *json, Error *err)
{
        _cleanup_(r_jwk_freep) jwk_t *jwk = NULL;
        _cleanup_(freep) char *text = NULL;

        if (!json_is_object(json))
                return ERROR_NONE;
        text = json_dumps(json, JSON_COMPACT);
        if (!text || r_jwk_init(&jwk) != RHN_OK)
                return error_no_memory(err);
        /* a key of a kind that this version does not know is no reason to refuse its neighbours */
        if (r_jwk_import_from_json_str(jwk, text) != RHN_OK)
                return ERROR_NONE;
        return add_key(keys, jwk, err);
}

/* A JWKS, or one JWK. */
static ErrorCode parse_json(AuthKeys *keys, const char *text, size_t size, Error *err)
{
        _cleanup_(json_decrefp) json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        const json_t *list = json_object_get(json, "keys");
        ErrorCode code = ERROR_NONE;
        const json_t *item;
        size_t i;

        if (!json)
                return error_set(err, ERROR_INVALID, "it is neither JSON nor PEM");
        if (!list)
                return add_jwk(keys, json, err);
        json_array_foreach(list, i, item) {
                code = add_jwk(keys, item, err);
                if (code)
                        break;
        }
        return code;
}

static ErrorCode add_pem(AuthKeys *keys, const char *text, size_t size, Error *err)
{
        static const char certificate[] = "-----BEGIN CERTIFICATE-----";
        const size_t n = sizeof certificate - 1;
        bool is_certificate = size > n && memcmp(text, certificate, n) == 0;
        int type = is_certificate ? R_X509_TYPE_CERTIFICATE : R_X509_TYPE_PUBKEY;
        _cleanup_(r_jwk_freep) jwk_t *jwk = NULL;

        if (r_jwk_init(&jwk) != RHN_OK)
                return error_no_memory(err);
        if (r_jwk_import_from_pem_der(jwk, type, R_FORMAT_PEM, (const unsigned char *)text, size) !=
            RHN_OK)
                return error_set(err, ERROR_INVALID, "a PEM block in it is no public key");
        /* made up by rhonabwy; tokens cannot name it */
        (void)r_jwk_delete_property_str(jwk, "kid");
        return add_key(keys, jwk, err);
}

static ErrorCode parse_pem(AuthKeys *keys, const char *block, const char *end, Error *err)
{
        static const char begin[] = "-----BEGIN ";
        ErrorCode code = ERROR_NONE;

        while (!code && block) {
                const char *rest = block + strlen(begin);
                const char *next = memmem(rest, (size_t)(end - rest), begin, strlen(begin));

                code = add_pem(keys, block, (size_t)((next ? next : end) - block), err);
                block = next;
        }
        return code;
}

ErrorCode auth_keys_parse(AuthKeys **ret, const char *text, size_t size, Error *err)
{
        static const char begin[] = "-----BEGIN ";
        _cleanup_(auth_keys_freep) AuthKeys *keys = calloc(1, sizeof *keys);
        const char *pem = memmem(text, size, begin, strlen(begin));
        ErrorCode code;

        if (!keys)
                return error_no_memory(err);
        code = pem ? parse_pem(keys, pem, text + size, err) : parse_json(keys, text, size, err);
        if (code)
                return code;
        if (!keys->n)
                return error_set(err, ERROR_INVALID,
                                 "no public key for RS256 (%u bits or more), ES256 or EdDSA in it",
                                 RSA_BITS_MIN);
        *ret = TAKE_PTR(keys);
        return ERROR_NONE;
}

void auth_keys_free(AuthKeys *keys)
{
        if (!keys)
                return;
        for (size_t i = 0; i < keys->n; i++) {
                r_free(keys->keys[i].text);
                free(keys->keys[i].kid);
        }
        free(keys->keys);
        free(keys);
}

char **auth_keys_candidates(const AuthKeys *keys, const char *algorithm, const char *kid)
{
        _cleanup_(auth_candidates_freep) char **found = calloc(CANDIDATES_MAX + 1, sizeof *found);
        size_t n = 0;

        for (size_t i = 0; found && keys && i < keys->n && n < CANDIDATES_MAX; i++) {
                const AuthKey *key = &keys->keys[i];

                /* a key without a name may be the one that the token names */
                if (strcmp(key->algorithm, algorithm) != 0 ||
                    (kid && key->kid && strcmp(kid, key->kid) != 0))
                        continue;
                found[n] = strdup(key->text);
                if (!found[n++])
                        return NULL;
        }
        return TAKE_PTR(found);
}

void auth_candidates_free(char **candidates)
{
        for (char **p = candidates; p && *p; p++)
                free(*p);
        free(candidates);
}
