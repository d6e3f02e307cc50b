#pragma once

/*
 * auth.h — verification of bearer JWTs and API keys. It cannot be switched off.
 */

#include "common/auth/principal.h"
#include "common/base/error.h"

typedef struct AuthVerifier AuthVerifier;

typedef struct AuthOptions {
        const char *issuer;       /* required claim iss */
        const char *audience;     /* required claim aud (or client_id); string or array */
        const char *hs256_secret; /* development: at least 32 bytes; NULL when not used */
        const char
                *key_file; /* a JWKS or a PEM public key: RS256, ES256, EdDSA; NULL when not used */
        const char *groups_claim; /* "cognito:groups" */
        int leeway_s;             /* clock difference allowed for exp and nbf */
        /* x-api-key: lines "sha256-hex expiry-RFC-3339 name"; NULL when not used */
        const char *api_keys_file;
        /* A file was read again, or why it was not; may be NULL. Thread: any that verifies. */
        void (*on_message)(const char *text);
} AuthOptions;

#define AUTH_TOKEN_BYTES_MAX 16384 /* longer ones are refused unread */

/**
 * auth_verifier_new() - read keys and settings; "" means the same as NULL
 * @options:  copied
 *
 * A file that changes later is read again within a second; when it cannot be, what was read before
 * stays in force.
 *
 * Return: ERROR_NONE; ERROR_INVALID naming the setting when neither secret nor key is usable.
 */
_must_check_ ErrorCode auth_verifier_new(AuthVerifier **ret, const AuthOptions *options,
                                         Error *err);
void auth_verifier_free(AuthVerifier *verifier);
DEFINE_CLEANUP(AuthVerifier *, auth_verifier_free)

/**
 * auth_verify_bearer() - check a JWT: signature, expiry, not-before, issuer, audience
 * @token:  the text behind "Bearer "
 *
 * The algorithm must be one that the configured keys are for; "none" never is. Valid tokens are
 * remembered (bounded, until they expire), so that a repeated one costs a hash. Thread: any.
 *
 * Return: ERROR_NONE, or ERROR_UNAUTHENTICATED (the message says which check failed, not why in detail).
 */
_must_check_ ErrorCode auth_verify_bearer(const AuthVerifier *verifier, const char *token,
                                          Principal **ret, Error *err);

/* The same for an x-api-key header. */
_must_check_ ErrorCode auth_verify_api_key(const AuthVerifier *verifier, const char *key,
                                           Principal **ret, Error *err);
