#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/http/http_fixture.h"
#include "tests/support/eventually.h"

static HttpFixture fixture;
static HttpClient *client;
static HttpAnswer answer;

static void start(const HttpOptions *options)
{
        http_fixture_start(&fixture, options);
        client = http_client_new(fixture.port);
        ck_assert_ptr_nonnull(client);
}

static void setup(void)
{
        HttpOptions options = http_fixture_options();

        start(&options);
}

/* Short times for slow clients. */
static void setup_impatient(void)
{
        HttpOptions options = http_fixture_options();

        options.read_timeout_s = 1;
        options.idle_timeout_s = 2;
        start(&options);
}

/* Time for what is only broken, not slow. */
static void setup_patient(void)
{
        HttpOptions options = http_fixture_options();

        options.read_timeout_s = 5;
        options.idle_timeout_s = 10;
        start(&options);
}

static void teardown(void)
{
        http_answer_deinit(&answer);
        http_client_free(client);
        http_fixture_stop(&fixture);
}

/* Send @text and expect a status, or 0 for none, after which the connection is closed and no part of
 * @text was taken for another request. The answer may come before all of @text is sent. */
static void expect_refused(const char *text, int status)
{
        _cleanup_(http_client_freep) HttpClient *fresh = http_client_new(fixture.port);
        _cleanup_(buffer_deinit) Buffer rest = BUFFER_INIT;

        ck_assert_ptr_nonnull(fresh);
        (void)http_client_send_text(fresh, text);
        (void)http_client_read(fresh, &answer, false);
        ck_assert_msg(answer.status == status, "%d instead of %d to %.200s", answer.status, status,
                      text);
        ck_assert_msg(http_client_wait_closed(fresh, &rest), "still open after %.200s", text);
        ck_assert_msg(!strstr(buffer_text(&rest), "HTTP/1.1 200"), "answered behind %.200s", text);
}

START_TEST(a_body_may_be_as_large_as_the_limit)
{
        char body[FIXTURE_BODY_BYTES_MAX + 2];

        memset(body, 'x', sizeof body);
        body[FIXTURE_BODY_BYTES_MAX] = '\0';
        ck_assert_int_eq(http_client_exchange(client, &answer, "POST", "/echo", NULL, body), 200);
        ck_assert_uint_eq(answer.body.size, FIXTURE_BODY_BYTES_MAX);
        body[FIXTURE_BODY_BYTES_MAX] = 'x';
        body[FIXTURE_BODY_BYTES_MAX + 1] = '\0';
        ck_assert_int_eq(http_client_exchange(client, &answer, "POST", "/echo", NULL, body), 413);
        ck_assert(strstr(buffer_text(&answer.body), "too-large"));
        ck_assert(http_client_wait_closed(client, NULL));
}
END_TEST

START_TEST(a_chunked_body_has_the_same_limit)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        buffer_append_string(&text, "POST /echo HTTP/1.1\r\nHost: x\r\n"
                                    "Transfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i <= FIXTURE_BODY_BYTES_MAX / 16; i++)
                buffer_append_string(&text, "10\r\n0123456789abcdef\r\n");
        buffer_append_string(&text, "0\r\n\r\n");
        expect_refused(text.data, 413);
}
END_TEST

START_TEST(unclear_framing_is_refused)
{
        static const char *const requests[] = {
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                "Content-Length: 4\r\n\r\n0\r\n\r\n",
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\ncontent-length: 5\r\n\r\nabcde",
                "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                "transfer-encoding: identity\r\n\r\n0\r\n\r\n",
                "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nabcd",
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd",
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -4\r\n\r\nabcd",
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4 4\r\n\r\nabcd",
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0x4\r\n\r\nabcd",
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nabcd",
        };

        for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
                expect_refused(requests[i], 400);
}
END_TEST

START_TEST(broken_requests_are_refused)
{
        expect_refused("GET /own HTTP/1.1\r\n\r\n", 400); /* no Host */
        expect_refused("POST /echo HTTP/1.1\r\nHost: x\r\n"
                       "Content-Length: 99999999999999999999\r\n\r\nabcd",
                       413);
        expect_refused("GET\r\n\r\n", 0);
        /* bodies that end only with the connection: cut off when the time for reading is over */
        expect_refused("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabcd", 0);
        expect_refused("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                       400);
}
END_TEST

START_TEST(odd_targets_are_malformed)
{
        static const char *const targets[] = {
                "/describe/a%00b", "/own%00",       "/own?x=%00",    "/describe/%",
                "/describe/%4",    "/describe/%zz", "/describe/%ff", "/own?a=%c3%28",
        };

        for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
                ck_assert_int_eq(http_client_exchange(client, &answer, "GET", targets[i], NULL,
                                                      NULL),
                                 400);
                ck_assert_msg(strstr(buffer_text(&answer.body), "problems/malformed"), "%s",
                              targets[i]);
        }
}
END_TEST

START_TEST(headers_are_utf8)
{
        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", "/own",
                                              "X-A: caf\xc3\xa9\r\n", NULL),
                         200);
        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", "/own", "X-A: caf\xe9\r\n",
                                              NULL),
                         400);
        ck_assert(strstr(buffer_text(&answer.body), "header \\\"X-A\\\" is not UTF-8"));
}
END_TEST

START_TEST(headers_are_counted)
{
        _cleanup_(buffer_deinit) Buffer headers = BUFFER_INIT;

        for (int i = 1; i < HTTP_HEADERS_MAX; i++) /* and Host */
                buffer_printf(&headers, "X-%d: 1\r\n", i);
        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", "/own", headers.data, NULL),
                         200);
        buffer_append_string(&headers, "X-0: 1\r\n");
        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", "/own", headers.data, NULL),
                         431);
}
END_TEST

START_TEST(query_parameters_are_counted)
{
        _cleanup_(buffer_deinit) Buffer target = BUFFER_INIT;

        buffer_append_string(&target, "/own?");
        for (int i = 0; i < HTTP_QUERY_PARAMS_MAX; i++)
                buffer_append_string(&target, "a=1&&");
        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", target.data, NULL, NULL),
                         200);
        buffer_append_string(&target, "b");
        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", target.data, NULL, NULL),
                         400);
}
END_TEST

START_TEST(heads_have_a_limit)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        buffer_append_string(&text, "GET /own HTTP/1.1\r\nHost: x\r\n");
        for (int i = 0; i < 1000; i++)
                buffer_printf(&text, "X-Header-%d: 0123456789012345678901234567890123456789\r\n",
                              i);
        buffer_append_string(&text, "\r\n");
        expect_refused(text.data, 431);

        buffer_clear(&text);
        buffer_append_string(&text, "GET /");
        for (int i = 0; i < 4000; i++)
                buffer_append_string(&text, "0123456789");
        buffer_append_string(&text, " HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_refused(text.data, 414);
}
END_TEST

/* Send @start, then one byte every 100 ms: how long until the server closes, 0 when it does not. */
static int64_t dribble(const char *start, const char *byte)
{
        _cleanup_(http_client_freep) HttpClient *slow = http_client_new(fixture.port);
        int64_t started_us = clock_monotonic_us();

        ck_assert_ptr_nonnull(slow);
        ck_assert(http_client_send_text(slow, start));
        while (clock_monotonic_us() < started_us + 30 * US_PER_SEC) {
                clock_wait_us(100 * US_PER_MS);
                if (!http_client_send_text(slow, byte))
                        return clock_monotonic_us() - started_us;
        }
        return 0;
}

START_TEST(a_request_has_to_be_there_in_time)
{
        static const struct {
                const char *start, *byte;
        } cases[] = {
                { "G", "E" },                                     /* first line */
                { "GET /own HTTP/1.1\r\nHost: x\r\nX-A: ", "a" }, /* headers */
                { "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n", "a" }, /* body */
                { "GET /own HTTP/1.1\r\nHost: x\r\n\r\nG", "E" }, /* the next one's first line */
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int64_t took_us = dribble(cases[i].start, cases[i].byte);

                ck_assert_msg(took_us, "case %zu was not cut off", i);
                ck_assert_int_gt(took_us, US_PER_SEC * 8 / 10);
        }
        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", "/own", NULL, NULL), 0);
}
END_TEST

START_TEST(a_busy_connection_is_not_cut_off)
{
        int64_t end_us = clock_monotonic_us() + 4 * US_PER_SEC, last_us = clock_monotonic_us();

        while (clock_monotonic_us() < end_us) {
                int64_t begun_us = clock_monotonic_us();

                if (http_client_exchange(client, &answer, "GET", "/own", NULL, NULL) != 200) {
                        /* rightly so when it was not busy for a while */
                        ck_assert_int_gt(clock_monotonic_us() - last_us, US_PER_SEC * 8 / 10);
                        http_client_free(client);
                        client = http_client_new(fixture.port);
                }
                last_us = begun_us;
                clock_wait_us(20 * US_PER_MS);
        }
}
END_TEST

START_TEST(silent_connections_are_closed)
{
        (void)http_client_exchange(client, &answer, "GET", "/own", NULL, NULL);
        ck_assert(http_client_wait_closed(client, NULL));
}
END_TEST

START_TEST(an_answer_has_to_be_taken_in_time)
{
        ck_assert(http_client_request(client, "GET", "/large", NULL, NULL));
        ck_assert(http_client_read_head(client, &answer));
        ck_assert(eventually(30000, http_server_connections(fixture.server) == 0));
}
END_TEST

static TCase *cases(void)
{
        TCase *tcase = tcase_create("http_limits");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 50);
        tcase_add_test(tcase, a_body_may_be_as_large_as_the_limit);
        tcase_add_test(tcase, a_chunked_body_has_the_same_limit);
        tcase_add_test(tcase, unclear_framing_is_refused);
        tcase_add_test(tcase, odd_targets_are_malformed);
        tcase_add_test(tcase, headers_are_utf8);
        tcase_add_test(tcase, headers_are_counted);
        tcase_add_test(tcase, query_parameters_are_counted);
        tcase_add_test(tcase, heads_have_a_limit);
        return tcase;
}

static TCase *broken_cases(void)
{
        TCase *tcase = tcase_create("broken requests");

        tcase_add_checked_fixture(tcase, setup_patient, teardown);
        tcase_set_timeout(tcase, 150);
        tcase_add_test(tcase, broken_requests_are_refused);
        return tcase;
}

static TCase *slow_cases(void)
{
        TCase *tcase = tcase_create("slow clients");

        tcase_add_checked_fixture(tcase, setup_impatient, teardown);
        tcase_set_timeout(tcase, 150);
        tcase_add_test(tcase, a_request_has_to_be_there_in_time);
        tcase_add_test(tcase, a_busy_connection_is_not_cut_off);
        tcase_add_test(tcase, silent_connections_are_closed);
        tcase_add_test(tcase, an_answer_has_to_be_taken_in_time);
        return tcase;
}

int main(void)
{
        Suite *suite = suite_create("http_limits");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases());
        suite_add_tcase(suite, broken_cases());
        suite_add_tcase(suite, slow_cases());
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
