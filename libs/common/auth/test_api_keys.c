#include <check.h>
#include <gnutls/crypto.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auth_fixture.h"
#include "common/auth/api_keys.h"
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

static ErrorCode verify_key(const char *key)
{
        principal_free(TAKE_PTR(principal));
        return auth_verify_api_key(verifier, key, &principal, &err);
}

static void write_api_key(const char *key, const char *expiry)
{
        unsigned char digest[32];
        char text[256] = "";

        ck_assert_int_eq(gnutls_hash_fast(GNUTLS_DIG_SHA256, key, strlen(key), digest), 0);
        for (size_t i = 0; i < sizeof digest; i++)
                (void)snprintf(text + 2 * i, sizeof text - 2 * i, "%02x", digest[i]);
        (void)snprintf(text + 64, sizeof text - 64, " %s a collector\n", expiry);
        auth_fixture_write(text);
}

static void start_hs256(void)
{
        AuthOptions chosen = options();

        chosen.hs256_secret = AUTH_FIXTURE_SECRET;
        start(&chosen);
}

/* Until a verification has noticed that a file changed. */
static void wait_for_message(int n)
{
        int64_t end_us = clock_monotonic_us() + 30 * US_PER_SEC;

        while (n_messages < n) {
                ck_assert_int_lt(clock_monotonic_us(), end_us);
                (void)verify_key("x");
                clock_wait_us(20 * US_PER_MS);
        }
}

START_TEST(api_keys_are_known_by_their_hash)
{
        AuthOptions chosen = options();
        char longest[2048];

        auth_fixture_write("# keys\n\n"
                           "  0c7e9d4a3a0f5d2a4fdc0f4b6a1b1a0e6b3e8f1d2c3b4a5968778695a4b3c2d1 "
                           "2099-01-01T00:00:00Z nobody's\r\n");
        chosen.hs256_secret = AUTH_FIXTURE_SECRET;
        chosen.api_keys_file = auth_fixture_path;
        start(&chosen);
        ck_assert_int_eq(verify_key("one key"), ERROR_UNAUTHENTICATED);
        memset(longest, 'x', sizeof longest - 1);
        longest[sizeof longest - 1] = '\0';
        ck_assert_int_eq(verify_key(longest), ERROR_UNAUTHENTICATED);
        ck_assert_int_eq(verify_key(""), ERROR_UNAUTHENTICATED);
}
END_TEST

START_TEST(api_keys_expire_and_can_be_replaced)
{
        AuthOptions chosen = options();

        write_api_key("one key", "2099-01-01T00:00:00+02:00");
        chosen.hs256_secret = AUTH_FIXTURE_SECRET;
        chosen.api_keys_file = auth_fixture_path;
        start(&chosen);
        ck_assert_int_eq(verify_key("one key"), ERROR_NONE);
        ck_assert(principal->api_key);
        ck_assert_str_eq(principal->name, "api-key:a collector");
        ck_assert_str_eq(principal->user, "");
        ck_assert_uint_eq(principal->n_groups, 0);
        ck_assert_int_eq(verify_key("another key"), ERROR_UNAUTHENTICATED);
        ck_assert_str_eq(err.message, "the API key is not known");

        write_api_key("one key", "2020-01-01T00:00:00Z");
        wait_for_message(1);
        ck_assert_int_eq(verify_key("one key"), ERROR_UNAUTHENTICATED);
        ck_assert_str_eq(err.message, "the API key has expired");
        write_api_key("another key", "2099-01-01T00:00:00Z");
        wait_for_message(2);
        ck_assert_int_eq(verify_key("another key"), ERROR_NONE);
}
END_TEST

#define DIGEST "0c7e9d4a3a0f5d2a4fdc0f4b6a1b1a0e6b3e8f1d2c3b4a5968778695a4b3c2d1"
#define LONG   "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
        const char *text, *message;
} refused[] = {
        { "nothing", "line 1 does not begin with a SHA-256 in hex" },
        { "\n" DIGEST " soon x", "line 2 has no expiry such as 2030-01-31T00:00:00Z" },
        { DIGEST " 2099-01-01T00:00:00Z", "line 1 has no name" },
        { DIGEST " 2099-01-01T00:00:00Z \t ", "line 1 has no name" },
        { DIGEST " 2099-01-01T00:00:00Z a\tb", "line 1 has a control character in its name" },
        { DIGEST " 2099-01-01T00:00:00Z \xff", "line 1 has a name over 128 bytes of UTF-8" },
        { DIGEST " 2099-01-01T00:00:00Z " LONG LONG "x",
          "line 1 has a name over 128 bytes of UTF-8" },
};

START_TEST(lines_that_are_none)
{
        ApiKeys *keys = NULL;

        ck_assert_int_eq(api_keys_parse(&keys, refused[_i].text, strlen(refused[_i].text), &err),
                         ERROR_INVALID);
        ck_assert_str_eq(err.message, refused[_i].message);
}
END_TEST

START_TEST(without_a_file_there_are_no_api_keys)
{
        start_hs256();
        ck_assert_int_eq(verify_key("one key"), ERROR_UNAUTHENTICATED);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("api_keys");
        TCase *tcase = tcase_create("api_keys");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_unchecked_fixture(tcase, auth_fixture_make_keys, auth_fixture_drop_keys);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 50);
        tcase_add_test(tcase, api_keys_are_known_by_their_hash);
        tcase_add_loop_test(tcase, lines_that_are_none, 0, ARRAY_SIZE(refused));
        tcase_add_test(tcase, api_keys_expire_and_can_be_replaced);
        tcase_add_test(tcase, without_a_file_there_are_no_api_keys);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
