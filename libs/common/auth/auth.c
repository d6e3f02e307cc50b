#include "common/auth/auth.h"

#include <stdio.h>
#include <string.h>

#include "common/auth/api_keys.h"
#include "common/auth/auth_cache.h"
#include "common/auth/auth_claims.h"
#include "common/auth/auth_file.h"
#include "common/auth/auth_keys.h"
#include "common/auth/auth_token.h"
#include "common/base/clock.h"

#define SECRET_BYTES_MIN  32
#define API_KEY_BYTES_MAX 1024
#define LOOK_EVERY_US     US_PER_SEC

/* What changes while the verifier is used. */
typedef struct AuthState {
        pthread_mutex_t lock;
        AuthFile key_file, api_keys_file;
        int64_t next_look_us; /* monotonic: when to look whether a file has changed */
        AuthKeys *keys;       /* NULL when there is no key file */
        ApiKeys *api_keys;    /* NULL when there is no file of them */
} AuthState;

struct AuthVerifier {
        char *issuer, *audience, *secret, *groups_claim, *key_path, *api_keys_path;
        AuthClaimRules rules;
        void (*on_message)(const char *text);
        AuthState *state;
        AuthCache *cache;
};

/* A copy of @text, NULL for none or ""; false when out of memory. */
static bool copy_text(char **ret, const char *text)
{
        if (!text || !*text)
                return true;
        *ret = strdup(text);
        return *ret;
}

static ErrorCode load_keys(AuthState *state, Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        AuthKeys *keys;
        Error cause = ERROR_INIT;
        ErrorCode code = auth_file_read(&state->key_file, &text, err);

        if (code)
                return code;
        code = auth_keys_parse(&keys, buffer_text(&text), text.size, &cause);
        if (code)
                return error_set_field(err, code, state->key_file.setting, "%s: \"%.100s\": %.120s",
                                       state->key_file.setting, state->key_file.path,
                                       cause.message);
        auth_keys_free(state->keys);
        state->keys = keys;
        return ERROR_NONE;
}

static ErrorCode load_api_keys(AuthState *state, Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        ApiKeys *keys;
        Error cause = ERROR_INIT;
        ErrorCode code = auth_file_read(&state->api_keys_file, &text, err);

        if (code)
                return code;
        code = api_keys_parse(&keys, buffer_text(&text), text.size, &cause);
        if (code)
                return error_set_field(err, code, state->api_keys_file.setting,
                                       "%s: \"%.100s\": %.120s", state->api_keys_file.setting,
                                       state->api_keys_file.path, cause.message);
        api_keys_free(state->api_keys);
        state->api_keys = keys;
        return ERROR_NONE;
}

/* state->lock is held. */
static void reload(const AuthVerifier *verifier, AuthFile *file,
                   ErrorCode (*load)(AuthState *state, Error *err))
{
        Error err = ERROR_INIT;
        char text[320];

        if (!auth_file_changed(file))
                return;
        if (load(verifier->state, &err))
                (void)snprintf(text, sizeof text, "the keys before stay in force: %s", err.message);
        else
                (void)snprintf(text, sizeof text, "%s: read \"%.200s\" again", file->setting,
                               file->path);
        auth_cache_clear(verifier->cache);
        if (verifier->on_message)
                verifier->on_message(text);
}

static void look_at_files(const AuthVerifier *verifier)
{
        AuthState *state = verifier->state;
        int64_t now_us = clock_monotonic_us();

        MUTEX_GUARD(&state->lock);
        if (now_us < state->next_look_us)
                return;
        state->next_look_us = now_us + LOOK_EVERY_US;
        reload(verifier, &state->key_file, load_keys);
        reload(verifier, &state->api_keys_file, load_api_keys);
}

static ErrorCode check_options(const AuthVerifier *verifier, Error *err)
{
        if (!verifier->issuer)
                return error_set_field(err, ERROR_INVALID, "jwt_issuer", "jwt_issuer is empty");
        if (!verifier->audience)
                return error_set_field(err, ERROR_INVALID, "jwt_audience", "jwt_audience is empty");
        if (verifier->secret && strlen(verifier->secret) < SECRET_BYTES_MIN)
                return error_set_field(err, ERROR_INVALID, "jwt_hs256_secret",
                                       "jwt_hs256_secret is shorter than %d bytes",
                                       SECRET_BYTES_MIN);
        if (!verifier->secret && !verifier->key_path)
                return error_set_field(err, ERROR_INVALID, "jwt_key_file",
                                       "neither jwt_key_file nor jwt_hs256_secret is set: nobody "
                                       "could sign in");
        return ERROR_NONE;
}

static ErrorCode load_files(AuthVerifier *verifier, Error *err)
{
        AuthState *state = verifier->state;
        ErrorCode code = ERROR_NONE;

        state->key_file = (AuthFile){ .path = verifier->key_path, .setting = "jwt_key_file" };
        state->api_keys_file =
                (AuthFile){ .path = verifier->api_keys_path, .setting = "api_keys_file" };
        if (verifier->key_path)
                code = load_keys(state, err);
        if (!code && verifier->api_keys_path)
                code = load_api_keys(state, err);
        return code;
}

ErrorCode auth_verifier_new(AuthVerifier **ret, const AuthOptions *options, Error *err)
{
        _cleanup_(auth_verifier_freep) AuthVerifier *verifier = calloc(1, sizeof *verifier);
        ErrorCode code;

        if (!verifier)
                return error_no_memory(err);
        verifier->state = calloc(1, sizeof *verifier->state);
        verifier->cache = auth_cache_new();
        if (verifier->state)
                (void)pthread_mutex_init(&verifier->state->lock, NULL);
        if (!verifier->state || !verifier->cache ||
            !copy_text(&verifier->issuer, options->issuer) ||
            !copy_text(&verifier->audience, options->audience) ||
            !copy_text(&verifier->secret, options->hs256_secret) ||
            !copy_text(&verifier->key_path, options->key_file) ||
            !copy_text(&verifier->api_keys_path, options->api_keys_file) ||
            !copy_text(&verifier->groups_claim, options->groups_claim))
                return error_no_memory(err);
        verifier->on_message = options->on_message;
        verifier->rules = (AuthClaimRules){
                .issuer = verifier->issuer,
                .audience = verifier->audience,
                .groups_claim = verifier->groups_claim ? verifier->groups_claim : "cognito:groups",
                .leeway_us = options->leeway_s * US_PER_SEC,
        };
        code = check_options(verifier, err);
        if (!code)
                code = load_files(verifier, err);
        if (!code)
                *ret = TAKE_PTR(verifier);
        return code;
}

void auth_verifier_free(AuthVerifier *verifier)
{
        if (!verifier)
                return;
        if (verifier->state) {
                auth_keys_free(verifier->state->keys);
                api_keys_free(verifier->state->api_keys);
                (void)pthread_mutex_destroy(&verifier->state->lock);
        }
        if (verifier->secret)
                explicit_bzero(verifier->secret, strlen(verifier->secret));
        auth_cache_free(verifier->cache);
        free(verifier->state);
        free(verifier->issuer);
        free(verifier->audience);
        free(verifier->secret);
        free(verifier->groups_claim);
        free(verifier->key_path);
        free(verifier->api_keys_path);
        free(verifier);
}

/* HS256 goes with the secret and nothing else, the others with a public key for just that algorithm:
 * no header can make one be taken for the other. */
static ErrorCode check_signature(const AuthVerifier *verifier, AuthToken *token, Error *err)
{
        _cleanup_(auth_candidates_freep) char **candidates = NULL;

        if (strcmp(token->algorithm, "HS256") == 0) {
                if (verifier->secret && auth_token_signed_with_secret(token, verifier->secret))
                        return ERROR_NONE;
        } else {
                (void)pthread_mutex_lock(&verifier->state->lock);
                candidates =
                        auth_keys_candidates(verifier->state->keys, token->algorithm, token->kid);
                (void)pthread_mutex_unlock(&verifier->state->lock);
                if (!candidates)
                        return error_no_memory(err);
                for (size_t i = 0; candidates[i]; i++) {
                        if (auth_token_signed_with_key(token, candidates[i]))
                                return ERROR_NONE;
                }
        }
        return error_set(err, ERROR_UNAUTHENTICATED, "the token's signature is not valid here");
}

static ErrorCode verify(const AuthVerifier *verifier, const char *text, int64_t now_us,
                        Principal **ret, int64_t *ret_expires_us, Error *err)
{
        _cleanup_(auth_token_deinit) AuthToken token = AUTH_TOKEN_INIT;
        ErrorCode code = auth_token_parse(&token, text, err);

        if (!code)
                code = check_signature(verifier, &token, err);
        if (!code)
                code = auth_claims_check(auth_token_claims(&token), &verifier->rules, now_us, ret,
                                         ret_expires_us, err);
        return code;
}

ErrorCode auth_verify_bearer(const AuthVerifier *verifier, const char *token, Principal **ret,
                             Error *err)
{
        uint8_t digest[HASH_SHA256_SIZE];
        int64_t now_us = clock_now_us(), expires_us;
        uint64_t generation;
        Principal *principal;
        ErrorCode code;

        look_at_files(verifier);
        hash_sha256(token, strnlen(token, AUTH_TOKEN_BYTES_MAX + 1), digest);
        principal = auth_cache_get(verifier->cache, digest, now_us);
        if (principal) {
                *ret = principal;
                return ERROR_NONE;
        }
        generation = auth_cache_generation(verifier->cache);
        code = verify(verifier, token, now_us, &principal, &expires_us, err);
        if (code)
                return code;
        auth_cache_put(verifier->cache, digest, principal, expires_us, generation);
        *ret = principal;
        return ERROR_NONE;
}

ErrorCode auth_verify_api_key(const AuthVerifier *verifier, const char *key, Principal **ret,
                              Error *err)
{
        look_at_files(verifier);
        if (strnlen(key, API_KEY_BYTES_MAX + 1) > API_KEY_BYTES_MAX)
                return error_set(err, ERROR_UNAUTHENTICATED, "the API key is not known");
        MUTEX_GUARD(&verifier->state->lock);
        return api_keys_check(verifier->state->api_keys, key, clock_now_us(), ret, err);
}
