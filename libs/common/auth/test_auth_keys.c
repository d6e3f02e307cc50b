#include <check.h>
#include <gnutls/crypto.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auth_fixture.h"
#include "common/auth/auth.h"
#include "common/base/clock.h"

static AuthVerifier *verifier;
static Principal *principal;
static Error err;
static int n_messages;

static void count_message(const char *text)
{
        n_messages++;
}

static AuthOptions options(void)
{
        return (AuthOptions){ .issuer = "skafu",
                              .audience = "skafu",
                              .groups_claim = "cognito:groups",
                              .leeway_s = 30,
                              .on_message = count_message };
}

static void start(const AuthOptions *chosen)
{
        if (auth_verifier_new(&verifier, chosen, &err))
                ck_abort_msg("%s", err.message);
}

static void setup(void)
{
        principal = NULL;
        verifier = NULL;
        err = ERROR_INIT;
        n_messages = 0;
}

static void teardown(void)
{
        principal_free(principal);
        auth_verifier_free(verifier);
}

static void write_jwks(jwk_t *first, jwk_t *second)
{
        char *a = r_jwk_export_to_json_str(first, 0), *b = r_jwk_export_to_json_str(second, 0);
        char text[8192];

        (void)snprintf(text, sizeof text, "{\"keys\":[%s,{\"kty\":\"oct\",\"k\":\"%s\"},%s]}", a,
                       "YSBwdWJsaWMga2V5IGlzIG5vIHNlY3JldCBhdCBhbGwgLi4u", b);
        r_free(a);
        r_free(b);
        auth_fixture_write(text);
}

static ErrorCode verify(const char *token)
{
        principal_free(TAKE_PTR(principal));
        return auth_verify_bearer(verifier, token, &principal, &err);
}

static void expect_good(const char *token)
{
        if (verify(token))
                ck_abort_msg("%s", err.message);
}

static void expect_refused(const char *token, const char *message)
{
        ck_assert_int_eq(verify(token), ERROR_UNAUTHENTICATED);
        ck_assert_ptr_null(principal);
        ck_assert_msg(strstr(err.message, message), "\"%s\" lacks \"%s\"", err.message, message);
}

static void start_jwks(void)
{
        AuthOptions chosen = options();

        write_jwks(auth_fixture_rsa_public, auth_fixture_ec_public);
        chosen.key_file = auth_fixture_path;
        start(&chosen);
}

static void expect_unusable(const AuthOptions *chosen, const char *setting, const char *message)
{
        ck_assert_int_eq(auth_verifier_new(&verifier, chosen, &err), ERROR_INVALID);
        ck_assert_str_eq(err.field, setting);
        ck_assert_msg(strstr(err.message, message), "\"%s\" lacks \"%s\"", err.message, message);
}

/* Until a verification has noticed that a file changed. */
static void wait_for_message(int n)
{
        int64_t end_us = clock_monotonic_us() + 30 * US_PER_SEC;

        while (n_messages < n) {
                ck_assert_int_lt(clock_monotonic_us(), end_us);
                (void)verify("x");
                clock_wait_us(20 * US_PER_MS);
        }
}

/* Verifies a token of its own and one that all share; NULL when all went well. */
static void *hammer(void *data)
{
        char *const *tokens = data;

        for (int i = 0; i < 200; i++) {
                for (int j = 0; j < 2; j++) {
                        Principal *mine = NULL;

                        if (auth_verify_bearer(verifier, tokens[j], &mine, NULL) ||
                            strcmp(mine->user, "alice") != 0)
                                return data;
                        principal_free(mine);
                }
                if (i % 50 == 0 && auth_verify_bearer(verifier, "a.b.c", NULL, NULL) == ERROR_NONE)
                        return data;
        }
        return NULL;
}

START_TEST(public_keys_verify_their_own_algorithm)
{
        start_jwks();
        expect_good(auth_fixture_signed(auth_fixture_rsa_private, R_JWA_ALG_RS256));
        ck_assert_str_eq(principal->user, "alice");
        expect_good(auth_fixture_signed(auth_fixture_ec_private, R_JWA_ALG_ES256));
        expect_refused(auth_fixture_signed(auth_fixture_ed_private, R_JWA_ALG_EDDSA),
                       "signature is not valid");
        expect_refused(auth_fixture_signed(auth_fixture_rsa_private, R_JWA_ALG_RS512),
                       "signature is not valid");
        expect_refused(auth_fixture_signed(auth_fixture_rsa_private, R_JWA_ALG_PS256),
                       "signature is not valid");
        expect_refused(auth_fixture_hs256(AUTH_FIXTURE_HS256, "{}"), "signature is not valid");
}
END_TEST

START_TEST(edwards_curves_are_known)
{
        AuthOptions chosen = options();

        write_jwks(auth_fixture_ed_public, auth_fixture_rsa_public);
        chosen.key_file = auth_fixture_path;
        start(&chosen);
        expect_good(auth_fixture_signed(auth_fixture_ed_private, R_JWA_ALG_EDDSA));
}
END_TEST

START_TEST(a_public_key_is_no_shared_secret)
{
        unsigned char pem[4096];
        size_t pem_size = sizeof pem;
        char token[8192], *jwk;
        json_t *claims = auth_fixture_claims("{}");
        char *text = json_dumps(claims, JSON_COMPACT);

        start_jwks();
        ck_assert_int_eq(r_jwk_export_to_pem_der(auth_fixture_rsa_public, R_FORMAT_PEM, pem,
                                                 &pem_size, 0),
                         RHN_OK);
        auth_fixture_raw_token(token, sizeof token, AUTH_FIXTURE_HS256, text);
        auth_fixture_sign_hmac(token, sizeof token, pem, pem_size);
        expect_refused(token, "signature is not valid");
        jwk = r_jwk_export_to_json_str(auth_fixture_rsa_public, 0);
        auth_fixture_raw_token(token, sizeof token, "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", text);
        auth_fixture_sign_hmac(token, sizeof token, jwk, strlen(jwk));
        expect_refused(token, "signature is not valid");
        /* the symmetric key in the JWKS of write_jwks() */
        auth_fixture_raw_token(token, sizeof token, AUTH_FIXTURE_HS256, text);
        auth_fixture_sign_hmac(token, sizeof token, "a public key is no secret at all ...", 36);
        expect_refused(token, "signature is not valid");
        r_free(jwk);
        free(text);
        json_decref(claims);
}
END_TEST

START_TEST(a_key_in_the_token_is_not_trusted)
{
        jwk_t *own_private, *own_public;
        json_t *claims = auth_fixture_claims("{}");
        json_t *key;
        jwt_t *jwt;
        char *token;

        start_jwks();
        auth_fixture_make_pair(R_KEY_TYPE_EC, 256, "ec", &own_private, &own_public);
        key = r_jwk_export_to_json_t(own_public);
        ck_assert_int_eq(r_jwt_init(&jwt), RHN_OK);
        ck_assert_int_eq(r_jwt_set_full_claims_json_t(jwt, claims), RHN_OK);
        ck_assert_int_eq(r_jwt_set_header_json_t_value(jwt, "jwk", key), RHN_OK);
        ck_assert_int_eq(r_jwt_set_sign_alg(jwt, R_JWA_ALG_ES256), RHN_OK);
        token = r_jwt_serialize_signed(jwt, own_private, 0);
        expect_refused(token, "signature is not valid");
        r_free(token);
        r_jwt_free(jwt);
        json_decref(key);
        json_decref(claims);
        r_jwk_free(own_private);
        r_jwk_free(own_public);
}
END_TEST

START_TEST(pem_files_are_read)
{
        AuthOptions chosen = options();
        unsigned char pem[8192];
        size_t size = sizeof pem / 2, second = sizeof pem / 2 - 1;

        ck_assert_int_eq(r_jwk_export_to_pem_der(auth_fixture_rsa_public, R_FORMAT_PEM, pem, &size,
                                                 0),
                         RHN_OK);
        ck_assert_int_eq(r_jwk_export_to_pem_der(auth_fixture_ec_public, R_FORMAT_PEM, pem + size,
                                                 &second, 0),
                         RHN_OK);
        pem[size + second] = '\0';
        auth_fixture_write((const char *)pem);
        chosen.key_file = auth_fixture_path;
        start(&chosen);
        expect_good(auth_fixture_signed(auth_fixture_rsa_private, R_JWA_ALG_RS256));
        expect_good(auth_fixture_signed(auth_fixture_ec_private, R_JWA_ALG_ES256));
}
END_TEST

START_TEST(unusable_settings_are_named)
{
        AuthOptions chosen = options();
        unsigned char pem[8192];
        size_t size = sizeof pem - 1;

        expect_unusable(&chosen, "jwt_key_file", "nobody could sign in");
        chosen.hs256_secret = "short";
        expect_unusable(&chosen, "jwt_hs256_secret", "shorter than 32 bytes");
        chosen.hs256_secret = "";
        chosen.key_file = "/nowhere";
        expect_unusable(&chosen, "jwt_key_file", "could not read \"/nowhere\"");
        chosen.key_file = auth_fixture_path;
        auth_fixture_write("");
        expect_unusable(&chosen, "jwt_key_file", "neither JSON nor PEM");
        auth_fixture_write("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},{\"kty\":\"new\"},7]}");
        expect_unusable(&chosen, "jwt_key_file", "no public key for");
        ck_assert_int_eq(r_jwk_export_to_pem_der(auth_fixture_rsa_private, R_FORMAT_PEM, pem, &size,
                                                 0),
                         RHN_OK);
        pem[size] = '\0';
        auth_fixture_write((const char *)pem);
        expect_unusable(&chosen, "jwt_key_file", "is no public key");
        chosen.key_file = NULL;
        chosen.hs256_secret = AUTH_FIXTURE_SECRET;
        chosen.issuer = "";
        expect_unusable(&chosen, "jwt_issuer", "empty");
        chosen.issuer = "x";
        chosen.audience = NULL;
        expect_unusable(&chosen, "jwt_audience", "empty");
        chosen.audience = "x";
        chosen.api_keys_file = auth_fixture_path;
        expect_unusable(&chosen, "api_keys_file", "line 1 does not begin with a SHA-256");
}
END_TEST

START_TEST(short_rsa_keys_are_left_out)
{
        AuthOptions chosen = options();
        jwk_t *weak_private, *weak_public;
        char *text;

        auth_fixture_make_pair(R_KEY_TYPE_RSA, 1024, NULL, &weak_private, &weak_public);
        text = r_jwk_export_to_json_str(weak_public, 0);
        auth_fixture_write(text);
        chosen.key_file = auth_fixture_path;
        expect_unusable(&chosen, "jwt_key_file", "no public key for");
        r_free(text);
        r_jwk_free(weak_private);
        r_jwk_free(weak_public);
}
END_TEST

START_TEST(keys_are_read_again_when_the_file_changes)
{
        char token[8192];

        start_jwks();
        (void)snprintf(token, sizeof token, "%s",
                       auth_fixture_signed(auth_fixture_ec_private, R_JWA_ALG_ES256));
        expect_good(token);
        auth_fixture_write("nonsense");
        wait_for_message(1);
        expect_good(token); /* what was read before stays in force */
        write_jwks(auth_fixture_ed_public, auth_fixture_rsa_public);
        wait_for_message(2);
        expect_refused(token, "signature is not valid"); /* also though it was remembered */
        expect_good(auth_fixture_signed(auth_fixture_ed_private, R_JWA_ALG_EDDSA));
}
END_TEST

START_TEST(threads_share_a_verifier)
{
        pthread_t threads[8];
        char *tokens[ARRAY_SIZE(threads)][2];
        char *shared;

        start_jwks();
        shared = strdup(auth_fixture_signed(auth_fixture_ec_private, R_JWA_ALG_ES256));
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
                tokens[i][0] =
                        strdup(auth_fixture_signed(auth_fixture_ec_private, R_JWA_ALG_ES256));
                tokens[i][1] = shared;
        }
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, hammer, tokens[i]), 0);
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
                void *result;

                (void)pthread_join(threads[i], &result);
                ck_assert_ptr_null(result);
                free(tokens[i][0]);
        }
        free(shared);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("auth_keys");
        TCase *tcase = tcase_create("auth_keys");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_unchecked_fixture(tcase, auth_fixture_make_keys, auth_fixture_drop_keys);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 50);
        tcase_add_test(tcase, public_keys_verify_their_own_algorithm);
        tcase_add_test(tcase, edwards_curves_are_known);
        tcase_add_test(tcase, a_public_key_is_no_shared_secret);
        tcase_add_test(tcase, a_key_in_the_token_is_not_trusted);
        tcase_add_test(tcase, pem_files_are_read);
        tcase_add_test(tcase, unusable_settings_are_named);
        tcase_add_test(tcase, short_rsa_keys_are_left_out);
        tcase_add_test(tcase, keys_are_read_again_when_the_file_changes);
        tcase_add_test(tcase, threads_share_a_verifier);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
