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

static void start_hs256(void)
{
        AuthOptions chosen = options();

        chosen.hs256_secret = AUTH_FIXTURE_SECRET;
        start(&chosen);
}

START_TEST(a_good_token_names_user_and_groups)
{
        start_hs256();
        for (int i = 0; i < 2; i++) { /* verified, then remembered */
                expect_good(auth_fixture_hs256(AUTH_FIXTURE_HS256, "{}"));
                ck_assert_str_eq(principal->user, "alice");
                ck_assert_uint_eq(principal->n_groups, 2);
                ck_assert(principal_in_group(principal, "Admin"));
                ck_assert(principal_in_group(principal, "Developer"));
                ck_assert(!principal_in_group(principal, "admin"));
                ck_assert(!principal->api_key);
        }
        expect_good(auth_fixture_hs256(AUTH_FIXTURE_HS256,
                                       "{\"username\":null,\"cognito:groups\":null}"));
        ck_assert_str_eq(principal->user, "subject");
        ck_assert_uint_eq(principal->n_groups, 0);
        expect_good(auth_fixture_hs256(AUTH_FIXTURE_HS256, "{\"cognito:groups\":\"One\"}"));
        ck_assert(principal_in_group(principal, "One"));
}
END_TEST

START_TEST(each_claim_is_checked)
{
        static const struct {
                const char *claims, *message;
        } cases[] = {
                { "{\"iss\":\"other\"}", "of another issuer" },
                { "{\"iss\":null}", "of another issuer" },
                { "{\"iss\":[\"skafu\"]}", "of another issuer" },
                { "{\"aud\":\"other\"}", "for another audience" },
                { "{\"aud\":null}", "for another audience" },
                { "{\"aud\":[]}", "for another audience" },
                { "{\"aud\":[\"a\",1,\"b\"]}", "for another audience" },
                { "{\"aud\":\"other\",\"client_id\":\"skafu\"}", "for another audience" },
                { "{\"exp\":null}", "has no claim exp" },
                { "{\"exp\":\"9999999999\"}", "has no claim exp" },
                { "{\"exp\":1e300}", "has no claim exp" },
                { "{\"exp\":-1}", "has no claim exp" },
                { "{\"exp\":1000}", "has expired" },
                { "{\"nbf\":9999999999}", "not valid yet" },
                { "{\"nbf\":\"x\"}", "nbf is no time" },
                { "{\"username\":null,\"sub\":null}", "names no user" },
                { "{\"username\":\"\"}", "names no user" },
                { "{\"username\":null,\"sub\":7}", "names no user" },
                { "{\"cognito:groups\":[1]}", "no list of names" },
        };

        start_hs256();
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                expect_refused(auth_fixture_hs256(AUTH_FIXTURE_HS256, cases[i].claims),
                               cases[i].message);
}
END_TEST

START_TEST(audiences_come_in_several_forms)
{
        start_hs256();
        expect_good(auth_fixture_hs256(AUTH_FIXTURE_HS256, "{\"aud\":[\"other\",\"skafu\"]}"));
        expect_good(
                auth_fixture_hs256(AUTH_FIXTURE_HS256, "{\"aud\":null,\"client_id\":\"skafu\"}"));
}
END_TEST

START_TEST(clocks_may_differ_a_little)
{
        char claims[64];

        start_hs256();
        (void)snprintf(claims, sizeof claims, "{\"exp\":%" PRId64 "}", auth_fixture_now_s() - 20);
        expect_good(auth_fixture_hs256(AUTH_FIXTURE_HS256, claims));
        (void)snprintf(claims, sizeof claims, "{\"exp\":%" PRId64 "}", auth_fixture_now_s() - 31);
        expect_refused(auth_fixture_hs256(AUTH_FIXTURE_HS256, claims), "has expired");
        (void)snprintf(claims, sizeof claims, "{\"nbf\":%" PRId64 "}", auth_fixture_now_s() + 20);
        expect_good(auth_fixture_hs256(AUTH_FIXTURE_HS256, claims));
        (void)snprintf(claims, sizeof claims, "{\"nbf\":%" PRId64 ".5}", auth_fixture_now_s() + 60);
        expect_refused(auth_fixture_hs256(AUTH_FIXTURE_HS256, claims), "not valid yet");
}
END_TEST

START_TEST(a_remembered_token_still_expires)
{
        AuthOptions chosen = options();
        char claims[64], *token;
        int64_t life_s = 2, end_us;
        bool is_good;

        chosen.hs256_secret = AUTH_FIXTURE_SECRET;
        chosen.leeway_s = 0;
        start(&chosen);
        do { /* on a busy machine a few seconds may pass before it is looked at */
                life_s *= 2;
                (void)snprintf(claims, sizeof claims, "{\"exp\":%" PRId64 "}",
                               auth_fixture_now_s() + life_s);
                token = auth_fixture_hs256(AUTH_FIXTURE_HS256, claims);
                is_good = verify(token) == ERROR_NONE;
        } while (!is_good && life_s < 32);
        ck_assert(is_good);
        end_us = clock_monotonic_us() + (life_s + 30) * US_PER_SEC;
        while (!verify(token)) {
                ck_assert_int_lt(clock_monotonic_us(), end_us);
                clock_wait_us(50 * US_PER_MS);
        }
        expect_refused(token, "has expired");
}
END_TEST

START_TEST(what_is_no_token_is_refused)
{
        static const char *const wrong[] = {
                "",
                ".",
                "..",
                "...",
                "a",
                "a.b",
                "a.b.c",
                "a.b.c.d",
                "a.b.c.d.e",
                "eyJhbGciOiJIUzI1NiJ9..",
                "eyJhbGciOiJIUzI1NiJ9.e30.",
                "!.e30.x",
                "eyJhbGciOiJIUzI1NiJ9 .e30.x",
                "\xff.\xff.\xff",
                "bnVsbA.bnVsbA.bnVsbA",
                "W10.W10.W10",
                "e30.e30.e30",
        };

        start_hs256();
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
                expect_refused(wrong[i], "is no signed JWT");
}
END_TEST

START_TEST(a_changed_token_is_refused)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        char token[4096];
        size_t size;

        start_hs256();
        (void)snprintf(token, sizeof token, "%s", auth_fixture_hs256(AUTH_FIXTURE_HS256, "{}"));
        size = strlen(token);
        for (size_t i = 0; i < size; i++) {
                char kept = token[i];

                token[i] = 'A';
                if (kept != '.')
                        token[i] = digits[(strcspn(digits, (char[]){ kept, '\0' }) + 32) % 64];
                ck_assert_msg(verify(token) == ERROR_UNAUTHENTICATED, "changed at %zu", i);
                token[i] = kept;
        }
        expect_good(token);
        (void)snprintf(token + size, sizeof token - size, "A");
        expect_refused(token, "signature is not valid");
        token[size - 1] = '\0';
        expect_refused(token, "signature is not valid");
        token[0] = ' ';
        expect_refused(token, "is no signed JWT");
}
END_TEST

START_TEST(another_secret_is_refused)
{
        char token[4096];

        start_hs256();
        auth_fixture_raw_token(token, sizeof token, AUTH_FIXTURE_HS256, "{\"iss\":\"skafu\"}");
        auth_fixture_sign_hmac(token, sizeof token, "another secret of 32 bytes or more", 34);
        expect_refused(token, "signature is not valid");
}
END_TEST

START_TEST(unsigned_tokens_are_refused)
{
        static const char *const algorithms[] = { "none", "None", "NONE", "nOnE", "" };
        char token[4096], header[64];

        start_hs256();
        for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
                (void)snprintf(header, sizeof header, "{\"alg\":\"%s\"}", algorithms[i]);
                auth_fixture_raw_token(token, sizeof token, header, "{\"iss\":\"skafu\"}");
                memcpy(token + strlen(token), ".", 2);
                expect_refused(token, "is no signed JWT");
                memcpy(token + strlen(token), "AAAA", 5);
                expect_refused(token, "");
                ck_assert_int_eq(verify(auth_fixture_hs256(header, "{}")), ERROR_UNAUTHENTICATED);
        }
}
END_TEST

START_TEST(other_algorithms_and_extensions_are_refused)
{
        static const char *const headers[] = {
                "{\"alg\":\"HS384\"}",
                "{\"alg\":\"HS512\"}",
                "{\"alg\":\"RS256\"}",
                "{\"alg\":7}",
                "{}",
                "[]",
                "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
                "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
                "{\"alg\":\"HS256\",\"zip\":\"DEF\"}",
                "{\"alg\":\"HS256\",\"cty\":\"JWT\"}",
        };

        start_hs256();
        for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
                ck_assert_msg(verify(auth_fixture_hs256(headers[i], "{}")) == ERROR_UNAUTHENTICATED,
                              "%s", headers[i]);
}
END_TEST

START_TEST(oversized_tokens_are_refused_unread)
{
        static char claims[AUTH_TOKEN_BYTES_MAX];

        start_hs256();
        (void)snprintf(claims, sizeof claims, "{\"pad\":\"%0*d\"}", AUTH_TOKEN_BYTES_MAX * 3 / 5,
                       0);
        expect_good(auth_fixture_hs256(AUTH_FIXTURE_HS256, claims));
        (void)snprintf(claims, sizeof claims, "{\"pad\":\"%0*d\"}", AUTH_TOKEN_BYTES_MAX * 4 / 5,
                       0);
        expect_refused(auth_fixture_hs256(AUTH_FIXTURE_HS256, claims), "is over 16384 bytes");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("auth");
        TCase *tcase = tcase_create("auth");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_unchecked_fixture(tcase, auth_fixture_make_keys, auth_fixture_drop_keys);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 50);
        tcase_add_test(tcase, a_good_token_names_user_and_groups);
        tcase_add_test(tcase, each_claim_is_checked);
        tcase_add_test(tcase, audiences_come_in_several_forms);
        tcase_add_test(tcase, clocks_may_differ_a_little);
        tcase_add_test(tcase, a_remembered_token_still_expires);
        tcase_add_test(tcase, what_is_no_token_is_refused);
        tcase_add_test(tcase, a_changed_token_is_refused);
        tcase_add_test(tcase, another_secret_is_refused);
        tcase_add_test(tcase, unsigned_tokens_are_refused);
        tcase_add_test(tcase, other_algorithms_and_extensions_are_refused);
        tcase_add_test(tcase, oversized_tokens_are_refused_unread);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
