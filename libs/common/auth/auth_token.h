#pragma once

/*
 * auth_token.h — one JWT: taken apart, its signature checked.
 */

#include <jansson.h>
#include <rhonabwy.h>

#include "common/base/error.h"

typedef struct AuthToken {
        const char *text; /* borrowed */
        size_t signed_size, size;
        jwt_t *jwt;
        const char *algorithm, *kid; /* of the header, owned by ->jwt; kid NULL when absent */
} AuthToken;

#define AUTH_TOKEN_INIT ((AuthToken){ .text = NULL })

/**
 * auth_token_parse() - take @text apart; nothing of it is trusted yet
 *
 * Only the compact form with a signature; keys, key addresses, extensions and compression that the
 * header may name are refused or left alone. Thread: the caller's.
 *
 * Return: ERROR_NONE; ERROR_UNAUTHENTICATED.
 */
_must_check_ ErrorCode auth_token_parse(AuthToken *token, const char *text, Error *err);
void auth_token_deinit(AuthToken *token);

/* Whether the signature is HMAC-SHA256 with @secret; compared in constant time. */
bool auth_token_signed_with_secret(const AuthToken *token, const char *secret);

/* Whether the signature is that of public key @jwk, a JWK as text. */
bool auth_token_signed_with_key(AuthToken *token, const char *jwk);

/* The claims; owned by the token. */
const json_t *auth_token_claims(const AuthToken *token);
