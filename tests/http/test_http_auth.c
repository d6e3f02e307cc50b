#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/auth/auth.h"
#include "common/base/hash.h"
#include "tests/http/http_fixture.h"
#include "tests/support/bearer.h"

#define SECRET "a secret of the tests, 32 bytes or more"

static char path[] = "/tmp/skafu-test-http-auth-XXXXXX";
static AuthVerifier *verifier;
static HttpFixture fixture;
static HttpClient *client;
static HttpAnswer answer;

/* A server that knows one API key, "the key"; tokens are judged in libs/common/auth. */
static void write_keys(void)
{
        uint8_t digest[HASH_SHA256_SIZE];
        FILE *file;
        int fd = mkstemp(path);

        ck_assert_int_ge(fd, 0);
        file = fdopen(fd, "w");
        ck_assert_ptr_nonnull(file);
        hash_sha256("the key", strlen("the key"), digest);
        for (size_t i = 0; i < sizeof digest; i++)
                (void)fprintf(file, "%02x", digest[i]);
        (void)fprintf(file, " 2099-01-01T00:00:00Z a collector\n");
        ck_assert_int_eq(fclose(file), 0);
}

static void setup(void)
{
        AuthOptions auth = { .issuer = "skafu",
                             .audience = "skafu",
                             .hs256_secret = SECRET,
                             .api_keys_file = path };
        HttpOptions options = http_fixture_options();
        Error err = ERROR_INIT;

        write_keys();
        if (auth_verifier_new(&verifier, &auth, &err))
                ck_abort_msg("%s", err.message);
        options.verifier = verifier;
        http_fixture_start(&fixture, &options);
        client = http_client_new(fixture.port);
        ck_assert_ptr_nonnull(client);
}

static void teardown(void)
{
        http_answer_deinit(&answer);
        http_client_free(client);
        http_fixture_stop(&fixture);
        auth_verifier_free(verifier);
        (void)unlink(path);
        (void)snprintf(path + strlen(path) - 6, 7, "XXXXXX");
}

static int get_private(const char *headers)
{
        return http_client_exchange(client, &answer, "GET", "/private", headers, NULL);
}

static void expect_challenge(const char *expected)
{
        char value[128];

        ck_assert(http_answer_header(&answer, "WWW-Authenticate", value, sizeof value));
        ck_assert_str_eq(value, expected);
}

START_TEST(good_credentials_reach_the_handler)
{
        ck_assert_int_eq(get_private("X-Api-Key: the key\r\n"), 200);
        ck_assert(strstr(buffer_text(&answer.body), "\"principal\":true"));
        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", "/describe/1",
                                              "X-Api-Key: the key\r\n", NULL),
                         200);
        ck_assert(strstr(buffer_text(&answer.body), "\"principal\":false")); /* nobody asked */
}
END_TEST

START_TEST(no_credentials_are_asked_for)
{
        ck_assert_int_eq(get_private(NULL), 401);
        expect_challenge("Bearer realm=\"skafu\"");
        ck_assert(strstr(buffer_text(&answer.body), "problems/unauthenticated"));
}
END_TEST

START_TEST(bad_credentials_are_refused)
{
        static const char *const headers[] = {
                "X-Api-Key: another key\r\n",
                "X-Api-Key: \r\n",
                "Authorization: Bearer x.y.z\r\n",
                "Authorization: Bearer\r\n",
                "Authorization: Bearer \r\n",
                "Authorization: Basic YWxpY2U6c2VjcmV0\r\n",
                "Authorization: BearerX y\r\n",
                "Authorization: \r\n",
                "Authorization: Bearer x.y.z\r\nX-Api-Key: the key\r\n",
                "Authorization: Bearer x.y.z\r\nAuthorization: Bearer x.y.z\r\n",
        };

        for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
                ck_assert_msg(get_private(headers[i]) == 401, "%d to %s", answer.status,
                              headers[i]);
                expect_challenge("Bearer realm=\"skafu\", error=\"invalid_token\"");
        }
        ck_assert_int_eq(http_client_exchange(client, &answer, "HEAD", "/private", NULL, NULL),
                         401);
}
END_TEST

START_TEST(a_route_can_ask_for_a_group)
{
        static const struct {
                const char *groups;
                int status;
        } cases[] = {
                { "[\"Staff\"]", 200 },
                { "[\"Guests\",\"Staff\"]", 200 },
                { "[\"Guests\"]", 403 },
                { "[]", 403 },
        };
        char header[1024];

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                bearer_header(header, sizeof header, SECRET, "u", cases[i].groups);
                ck_assert_msg(http_client_exchange(client, &answer, "GET", "/staff", header,
                                                   NULL) == cases[i].status,
                              "%d for %s", answer.status, cases[i].groups);
                ck_assert_int_eq(get_private(header), 200);
        }
        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", "/staff",
                                              "X-Api-Key: the key\r\n", NULL),
                         403);
        ck_assert(strstr(buffer_text(&answer.body), "problems/forbidden"));
        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", "/staff", NULL, NULL), 401);
}
END_TEST

START_TEST(what_is_not_there_needs_no_credentials)
{
        ck_assert_int_eq(http_client_exchange(client, &answer, "DELETE", "/private", NULL, NULL),
                         405);
        ck_assert_int_eq(http_client_exchange(client, &answer, "OPTIONS", "/private", NULL, NULL),
                         204);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("http_auth");
        TCase *tcase = tcase_create("http_auth");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 50);
        tcase_add_test(tcase, good_credentials_reach_the_handler);
        tcase_add_test(tcase, no_credentials_are_asked_for);
        tcase_add_test(tcase, bad_credentials_are_refused);
        tcase_add_test(tcase, a_route_can_ask_for_a_group);
        tcase_add_test(tcase, what_is_not_there_needs_no_credentials);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
