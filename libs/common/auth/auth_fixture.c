#include "auth_fixture.h"

#include <check.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <orcania.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/auth/auth.h"
#include "common/base/clock.h"

jwk_t *auth_fixture_rsa_private, *auth_fixture_rsa_public;
jwk_t *auth_fixture_ec_private, *auth_fixture_ec_public;
jwk_t *auth_fixture_ed_private, *auth_fixture_ed_public;
char auth_fixture_path[] = "/tmp/skafu-test-auth-XXXXXX";

void auth_fixture_make_pair(int type, unsigned bits, const char *kid, jwk_t **ret_private,
                            jwk_t **ret_public)
{
        ck_assert_int_eq(r_jwk_init(ret_private), RHN_OK);
        ck_assert_int_eq(r_jwk_init(ret_public), RHN_OK);
        ck_assert_int_eq(r_jwk_generate_key_pair(*ret_private, *ret_public, type, bits, kid),
                         RHN_OK);
}

void auth_fixture_make_keys(void)
{
        int fd;

        auth_fixture_make_pair(R_KEY_TYPE_RSA, 2048, "rsa", &auth_fixture_rsa_private,
                               &auth_fixture_rsa_public);
        auth_fixture_make_pair(R_KEY_TYPE_EC, 256, "ec", &auth_fixture_ec_private,
                               &auth_fixture_ec_public);
        auth_fixture_make_pair(R_KEY_TYPE_EDDSA, 256, "ed", &auth_fixture_ed_private,
                               &auth_fixture_ed_public);
        fd = mkstemp(auth_fixture_path);
        ck_assert_int_ge(fd, 0);
        (void)close(fd);
}

void auth_fixture_drop_keys(void)
{
        r_jwk_free(auth_fixture_rsa_private);
        r_jwk_free(auth_fixture_rsa_public);
        r_jwk_free(auth_fixture_ec_private);
        r_jwk_free(auth_fixture_ec_public);
        r_jwk_free(auth_fixture_ed_private);
        r_jwk_free(auth_fixture_ed_public);
        (void)unlink(auth_fixture_path);
}

void auth_fixture_write(const char *text)
{
        char next[sizeof auth_fixture_path + 8];
        FILE *file;

        (void)snprintf(next, sizeof next, "%s.next", auth_fixture_path);
        file = fopen(next, "w");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(text, file), 0);
        ck_assert_int_eq(fclose(file), 0);
        ck_assert_int_eq(rename(next, auth_fixture_path), 0);
}

int64_t auth_fixture_now_s(void)
{
        return clock_now_us() / US_PER_SEC;
}

json_t *auth_fixture_claims(const char *more)
{
        json_t *claims = json_pack("{s:s,s:s,s:s,s:s,s:[s,s],s:I,s:I}", "iss", "skafu", "aud",
                                   "skafu", "sub", "subject", "username", "alice", "cognito:groups",
                                   "Admin", "Developer", "iat", (json_int_t)auth_fixture_now_s(),
                                   "exp", (json_int_t)auth_fixture_now_s() + 600);
        json_t *changes = json_loads(more, 0, NULL);
        const char *key;
        json_t *value;

        ck_assert(claims && changes);
        json_object_foreach(changes, key, value) {
                if (json_is_null(value))
                        (void)json_object_del(claims, key);
                else
                        (void)json_object_set(claims, key, value);
        }
        json_decref(changes);
        return claims;
}

static void base64url(char *out, const void *data, size_t size)
{
        size_t n = 0;

        ck_assert(o_base64url_encode(data, size, (unsigned char *)out, &n));
        out[n] = '\0';
}

void auth_fixture_raw_token(char *out, size_t size, const char *header, const char *claims)
{
        char a[4096], b[32768];

        base64url(a, header, strlen(header));
        base64url(b, claims, strlen(claims));
        ck_assert_int_lt(snprintf(out, size, "%s.%s", a, b), (int)size);
}

void auth_fixture_sign_hmac(char *token, size_t size, const void *key, size_t key_size)
{
        unsigned char mac[32];
        char text[64];
        size_t n = strlen(token);

        ck_assert_int_eq(gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_size, token, n, mac), 0);
        base64url(text, mac, sizeof mac);
        (void)snprintf(token + n, size - n, ".%s", text);
}

char *auth_fixture_hs256(const char *header, const char *more_claims)
{
        static char token[32768];
        json_t *claims = auth_fixture_claims(more_claims);
        char *text = json_dumps(claims, JSON_COMPACT);

        auth_fixture_raw_token(token, sizeof token, header, text);
        auth_fixture_sign_hmac(token, sizeof token, AUTH_FIXTURE_SECRET,
                               strlen(AUTH_FIXTURE_SECRET));
        free(text);
        json_decref(claims);
        return token;
}

char *auth_fixture_signed(jwk_t *key, jwa_alg algorithm)
{
        static char token[8192];
        json_t *claims = auth_fixture_claims("{}");
        jwt_t *jwt;
        char *text;

        ck_assert_int_eq(r_jwt_init(&jwt), RHN_OK);
        ck_assert_int_eq(r_jwt_set_full_claims_json_t(jwt, claims), RHN_OK);
        ck_assert_int_eq(r_jwt_set_sign_alg(jwt, algorithm), RHN_OK);
        text = r_jwt_serialize_signed(jwt, key, 0);
        ck_assert_ptr_nonnull(text);
        (void)snprintf(token, sizeof token, "%s", text);
        r_free(text);
        r_jwt_free(jwt);
        json_decref(claims);
        return token;
}
