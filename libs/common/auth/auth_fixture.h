#pragma once

/*
 * auth_fixture.h — keys and tokens for the tests of this folder, made when they run.
 */

#include <jansson.h>
#include <rhonabwy.h>
#include <stdint.h>

#define AUTH_FIXTURE_SECRET "a secret of the tests, 32 bytes or more"
#define AUTH_FIXTURE_HS256  "{\"alg\":\"HS256\",\"typ\":\"JWT\"}" /* a header */

/* One key pair for each algorithm, made once: RSA takes its time. */
extern jwk_t *auth_fixture_rsa_private, *auth_fixture_rsa_public;
extern jwk_t *auth_fixture_ec_private, *auth_fixture_ec_public;
extern jwk_t *auth_fixture_ed_private, *auth_fixture_ed_public;
extern char auth_fixture_path[]; /* a file that auth_fixture_write() fills */

/* For tcase_add_unchecked_fixture(). */
void auth_fixture_make_keys(void);
void auth_fixture_drop_keys(void);

void auth_fixture_make_pair(int type, unsigned bits, const char *kid, jwk_t **ret_private,
                            jwk_t **ret_public);

/* Replace the file by another one, as editors and orchestrators do. */
void auth_fixture_write(const char *text);

int64_t auth_fixture_now_s(void);

/* Good claims, then whatever @more sets ("{\"exp\":null}" takes one away). */
json_t *auth_fixture_claims(const char *more);

/* "header.claims", to be signed by hand: what no library would make; then the MAC behind it. */
void auth_fixture_raw_token(char *out, size_t size, const char *header, const char *claims);
void auth_fixture_sign_hmac(char *token, size_t size, const void *key, size_t key_size);

/* A token signed with the secret, or with a private key; valid until the next one. */
char *auth_fixture_hs256(const char *header, const char *more_claims);
char *auth_fixture_signed(jwk_t *key, jwa_alg algorithm);
