#pragma once

/*
 * auth_keys.h — the public keys that tokens may be signed with, from a JWKS or PEM text.
 *
 * A key is for exactly one algorithm, which follows from what kind of key it is. Symmetric keys are
 * never taken from here, so a public key can never be used as a shared secret.
 */

#include <stddef.h>

#include "common/base/error.h"

typedef struct AuthKeys AuthKeys;

/**
 * auth_keys_parse() - the usable keys of @text
 *
 * Keys for encryption, of unknown kinds, too short (RSA below 2,048 bits) or symmetric are left out.
 * Return: ERROR_NONE; ERROR_INVALID when it is neither JWKS nor PEM, or no key is usable.
 */
_must_check_ ErrorCode auth_keys_parse(AuthKeys **ret, const char *text, size_t size, Error *err);
void auth_keys_free(AuthKeys *keys);
DEFINE_CLEANUP(AuthKeys *, auth_keys_free)

/**
 * auth_keys_candidates() - copies, as JSON text, of the keys that a token may be signed with
 * @kid:  of the token's header; NULL tries all keys for @algorithm
 *
 * rhonabwy's objects belong to one thread at a time; text can be handed to any. Free with
 * auth_candidates_free(). Return: NULL-terminated; empty when there is none, NULL without memory.
 */
char **auth_keys_candidates(const AuthKeys *keys, const char *algorithm, const char *kid);
void auth_candidates_free(char **candidates);
DEFINE_CLEANUP(char **, auth_candidates_free)
