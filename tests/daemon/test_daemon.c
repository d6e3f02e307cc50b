#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/eventually.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"

/* The sample service, whose path meson gives; and its port, once it is ready. */
static Process process;
static uint16_t port;
static HttpAnswer answer;

static void setup(void)
{
        process = (Process){ .pid = 0 };
}

static void teardown(void)
{
        process_deinit(&process);
        http_answer_deinit(&answer);
}

#define FLAGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void start(const char *const *flags)
{
        const char *argv[16] = {
                getenv("SKAFU_TEST_SAMPLE_SERVICE") /* NOLINT(concurrency-mt-unsafe) */
        };
        size_t n = 1;

        ck_assert_msg(argv[0], "SKAFU_TEST_SAMPLE_SERVICE names the program to test");
        for (; *flags; flags++)
                argv[n++] = *flags;
        process_start(&process, argv,
                      FLAGS("SKAFU_JWT_HS256_SECRET=a secret of the tests, 32 bytes or more"));
}

static void start_ready(const char *const *flags)
{
        static const char url[] = "\"id\":\"ready\",\"message\":\"http://127.0.0.1:";
        const char *found;

        start(flags);
        ck_assert_msg(process_wait_err(&process, url) && process_wait_err(&process, "\"}\n"), "%s",
                      buffer_text(&process.err));
        found = strstr(buffer_text(&process.err), url);
        port = (uint16_t)strtoul(found + strlen(url), NULL, 10);
}

static int get(const char *path)
{
        _cleanup_(http_client_freep) HttpClient *client = http_client_new(port);

        ck_assert_ptr_nonnull(client);
        return http_client_exchange(client, &answer, "GET", path, NULL, NULL);
}

static bool has(const Buffer *buffer, const char *text)
{
        return strstr(buffer_text(buffer), text);
}

/* libcheck's messages have a limit: the beginning has to do. */
static void expect_in(const Buffer *buffer, const char *text)
{
        ck_assert_msg(has(buffer, text), "\"%.1500s\" lacks \"%s\"", buffer_text(buffer), text);
}

/* The server notices a moment later that a client has closed. */
static bool has_one_connection(void)
{
        return get("/metrics") == 200 && has(&answer.body, "\nskafu_http_connections 1\n");
}

START_TEST(health_readiness_and_metrics)
{
        start_ready(FLAGS("--http-port=0"));
        ck_assert_int_eq(get("/healthz"), 200);
        ck_assert_int_eq(get("/readyz"), 200);
        ck_assert_str_eq(buffer_text(&answer.body),
                         "{\"ready\":true,\"checks\":{\"sample\":{\"ready\":true,"
                         "\"detail\":\"a detail\"}}}");
        ck_assert_int_eq(get("/nowhere"), 404);
        ck_assert_int_eq(get("/metrics"), 200);
        expect_in(&answer.body, "skafu_sample_starts_total 1\n");
        expect_in(&answer.body, "skafu_sample_own 1\n");
        expect_in(&answer.body, "skafu_http_requests_total{method=\"GET\",route=\"/readyz\","
                                "status=\"200\"} 1\n");
        expect_in(&answer.body,
                  "skafu_http_requests_total{method=\"\",route=\"\",status=\"404\"} 1\n");
        expect_in(&answer.body,
                  "skafu_http_request_seconds_count{method=\"GET\",route=\"/healthz\"} 1\n");
        expect_in(&answer.body, "skafu_build_info{service=\"sample-svc\",version=\"");
        ck_assert(eventually(30000, has_one_connection()));
}
END_TEST

START_TEST(one_check_that_fails_makes_it_unready)
{
        start_ready(FLAGS("--is-unready=true"));
        ck_assert_int_eq(get("/readyz"), 503);
        expect_in(&answer.body, "\"ready\":false,\"checks\":{\"sample\":{\"ready\":false");
        ck_assert_int_eq(get("/healthz"), 200);
}
END_TEST

START_TEST(a_signal_stops_it)
{
        static const int signals[] = { SIGTERM, SIGINT };

        start_ready(FLAGS("--http-port=0"));
        process_signal(&process, signals[_i]);
        ck_assert_int_eq(process_wait(&process), 0);
        expect_in(&process.err, signals[_i] == SIGTERM ? "\"stopping\",\"message\":\"SIGTERM\""
                                                       : "\"stopping\",\"message\":\"SIGINT\"");
        expect_in(&process.err, "\"sample-stopped\",\"message\":\"after a start\"");
        expect_in(&process.err, "\"stopped\",\"message\":\"as asked\"");
}
END_TEST

START_TEST(running_requests_are_finished_first)
{
        HttpClient *client;

        start_ready(FLAGS("--answer-after-ms=500", "--stop-timeout-s=60"));
        client = http_client_new(port);
        ck_assert(http_client_request(client, "GET", "/slow", NULL, NULL));
        ck_assert(process_wait_err(&process, "slow-begun"));
        process_signal(&process, SIGTERM);
        ck_assert(http_client_read(client, &answer, false));
        ck_assert_str_eq(buffer_text(&answer.body), "slow");
        http_client_free(client);
        ck_assert_int_eq(process_wait(&process), 0);
}
END_TEST

START_TEST(stopping_ends_at_a_deadline)
{
        HttpClient *client;

        start_ready(FLAGS("--answer-after-ms=60000", "--stop-timeout-s=1"));
        client = http_client_new(port);
        ck_assert(http_client_request(client, "GET", "/slow", NULL, NULL));
        ck_assert(process_wait_err(&process, "slow-begun"));
        process_signal(&process, SIGTERM);
        ck_assert_int_eq(process_wait(&process), 1);
        expect_in(&process.err, "\"stopped-hard\"");
        http_client_free(client);
}
END_TEST

START_TEST(the_same_signal_again_ends_it_at_once)
{
        HttpClient *client;

        start_ready(FLAGS("--answer-after-ms=60000", "--stop-timeout-s=60"));
        client = http_client_new(port);
        ck_assert(http_client_request(client, "GET", "/slow", NULL, NULL));
        ck_assert(process_wait_err(&process, "slow-begun"));
        process_signal(&process, SIGINT);
        ck_assert(process_wait_err(&process, "\"stopping\""));
        process_signal(&process, SIGTERM); /* forgiven: a script's, behind a terminal's SIGINT */
        process_signal(&process, SIGINT);
        ck_assert_int_eq(process_wait(&process), 128 + SIGINT);
        http_client_free(client);
}
END_TEST

START_TEST(a_part_that_fails_ends_it_in_order)
{
        HttpClient *client;

        start_ready(FLAGS("--http-port=0"));
        client = http_client_new(port);
        ck_assert_int_eq(http_client_exchange(client, &answer, "POST", "/fail", NULL, "x"), 204);
        http_client_free(client);
        ck_assert_int_eq(process_wait(&process), 1);
        expect_in(&process.err, "\"id\":\"failed\",\"message\":\"a thread broke\"");
        expect_in(&process.err, "sample-stopped");
}
END_TEST

START_TEST(what_broke_inside_is_logged)
{
        _cleanup_(http_client_freep) HttpClient *client = NULL;

        start_ready(FLAGS("--http-port=0"));
        client = http_client_new(port);
        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", "/problem",
                                              "X-Correlation-Id: corr-7\r\n", NULL),
                         500);
        ck_assert(!strstr(buffer_text(&answer.body), "only the log"));
        ck_assert(process_wait_err(&process,
                                   "\"id\":\"request-failed\",\"correlationId\":\"corr-7\","
                                   "\"message\":\"GET /problem: only the log may know\""));
        ck_assert_int_eq(get("/private"), 401);
}
END_TEST

START_TEST(failing_to_start_is_told)
{
        start(FLAGS("--fails-to-start=true"));
        ck_assert_int_eq(process_wait(&process), 1);
        expect_in(&process.err, "\"not-started\",\"message\":\"the sample was told to fail\"");
        ck_assert(!strstr(buffer_text(&process.err), "\"ready\""));
}
END_TEST

START_TEST(a_taken_port_is_told)
{
        Process first;
        char flag[32], message[64];

        start_ready(FLAGS("--http-port=0"));
        first = process;
        (void)snprintf(flag, sizeof flag, "--http-port=%u", port);
        start(FLAGS(flag));
        ck_assert_int_eq(process_wait(&process), 1);
        (void)snprintf(message, sizeof message, "could not listen on 127.0.0.1 port %u", port);
        expect_in(&process.err, message);
        expect_in(&process.err, "sample-stopped");
        process_deinit(&first);
}
END_TEST

START_TEST(wrong_usage_is_told)
{
        static const struct {
                const char *flag, *message;
        } cases[] = {
                { "--nonsense=1", "sample-svc: there is no flag \"--nonsense\"" },
                { "nonsense", "sample-svc: unexpected argument \"nonsense\"" },
                { "--http-port=x", "sample-svc: --http-port: http_port is \"x\"" },
                { "--log-level=loud", "sample-svc: log_level is \"loud\"" },
                { "--jwt-hs256-secret=short", "sample-svc: jwt_hs256_secret is shorter" },
                { "--config=/nowhere", "sample-svc: could not read \"/nowhere\"" },
                { "--config", "sample-svc: --config needs a file" },
        };

        start(FLAGS(cases[_i].flag));
        ck_assert_int_eq(process_wait(&process), 2);
        expect_in(&process.err, cases[_i].message);
}
END_TEST

START_TEST(the_configuration_can_be_looked_at)
{
        start(FLAGS("--print-config", "--is-unready", "true"));
        ck_assert_int_eq(process_wait(&process), 0);
        expect_in(&process.out, "http_port = 0\n");
        expect_in(&process.out, "jwt_hs256_secret = ***\n");
        expect_in(&process.out, "is_unready = true\n");
        process_deinit(&process);

        start(FLAGS("--check-config"));
        ck_assert_int_eq(process_wait(&process), 0);
        expect_in(&process.out, "the configuration is good\n");
        process_deinit(&process);

        start(FLAGS("--check-config", "--log-level", "--help")); /* a value, not a flag */
        ck_assert_int_eq(process_wait(&process), 2);
        expect_in(&process.err, "log_level is \"--help\"");
}
END_TEST

START_TEST(help_and_version_come_from_the_tables)
{
        start(FLAGS("--help"));
        ck_assert_int_eq(process_wait(&process), 0);
        expect_in(&process.out, "usage: sample-svc [FLAG");
        expect_in(&process.out, "--answer-after-ms VALUE ");
        expect_in(&process.out, "how long GET /slow takes (0 to 60000) [0]\n");
        process_deinit(&process);
        start(FLAGS("--version"));
        ck_assert_int_eq(process_wait(&process), 0);
        ck_assert_str_eq(buffer_text(&process.out), "sample-svc " SKAFU_VERSION "\n");
}
END_TEST

static TCase *cases(void)
{
        TCase *tcase = tcase_create("daemon");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 50);
        tcase_add_test(tcase, health_readiness_and_metrics);
        tcase_add_test(tcase, one_check_that_fails_makes_it_unready);
        tcase_add_loop_test(tcase, a_signal_stops_it, 0, 2);
        tcase_add_test(tcase, running_requests_are_finished_first);
        tcase_add_test(tcase, stopping_ends_at_a_deadline);
        tcase_add_test(tcase, the_same_signal_again_ends_it_at_once);
        tcase_add_test(tcase, a_part_that_fails_ends_it_in_order);
        tcase_add_test(tcase, what_broke_inside_is_logged);
        tcase_add_test(tcase, failing_to_start_is_told);
        tcase_add_test(tcase, a_taken_port_is_told);
        tcase_add_loop_test(tcase, wrong_usage_is_told, 0, 7);
        tcase_add_test(tcase, the_configuration_can_be_looked_at);
        tcase_add_test(tcase, help_and_version_come_from_the_tables);
        return tcase;
}

int main(void)
{
        Suite *suite = suite_create("daemon");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases());
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
