#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/http/http_fixture.h"
#include "tests/support/eventually.h"

#define HEAD    "POST /stream HTTP/1.1\r\nHost: x\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

static HttpFixture fixture;
static HttpClient *client;
static HttpAnswer answer;

static void start(unsigned read_timeout_s, unsigned idle_timeout_s)
{
        HttpOptions options = http_fixture_options();

        options.read_timeout_s = read_timeout_s;
        options.idle_timeout_s = idle_timeout_s;
        options.connections_max = 4;
        http_fixture_start(&fixture, &options);
        client = http_client_new(fixture.port);
        ck_assert_ptr_nonnull(client);
}

static void setup(void)
{
        start(30, 30);
}

static void setup_impatient(void)
{
        start(1, 2);
}

static void teardown(void)
{
        http_answer_deinit(&answer);
        http_client_free(client);
        http_fixture_stop(&fixture);
}

/* Send @text as a first request and nothing more: the answer is @status with @body, and the connection closes. */
static void expect(const char *text, int status, const char *body)
{
        _cleanup_(http_client_freep) HttpClient *fresh = http_client_new(fixture.port);

        ck_assert_ptr_nonnull(fresh);
        ck_assert(http_client_send_text(fresh, text));
        (void)http_client_read(fresh, &answer, false);
        ck_assert_msg(answer.status == status, "%d instead of %d to %.200s", answer.status, status,
                      text);
        ck_assert_msg(!body || strstr(buffer_text(&answer.body), body), "%s to %.200s",
                      buffer_text(&answer.body), text);
        ck_assert_msg(http_client_wait_closed(fresh, NULL), "still open after %.200s", text);
}

static void expect_header(const char *name, const char *expected)
{
        char value[64] = "";

        ck_assert(http_answer_header(&answer, name, value, sizeof value));
        ck_assert_str_eq(value, expected);
}

START_TEST(a_body_is_answered_while_it_comes)
{
        ck_assert(http_client_send_text(client, CHUNKED "3\r\nabc\r\n"));
        ck_assert(http_client_read_head(client, &answer));
        ck_assert_int_eq(answer.status, 200);
        expect_header("Transfer-Encoding", "chunked");
        expect_header("Connection", "close");
        expect_header("X-Stream", "yes");
        ck_assert(http_client_expect(client, "3\r\nabc\r\n"));
        ck_assert(http_client_send_text(client, "4\r\ndefg\r\n"));
        ck_assert(http_client_expect(client, "4\r\ndefg\r\n"));
        ck_assert(http_client_send_text(client, "0\r\nTrailer: ignored\r\n\r\n"));
        ck_assert(http_client_expect(client, "0\r\n\r\n"));
        ck_assert(http_client_wait_closed(client, NULL));
        ck_assert(http_fixture_wait_requests(&fixture, 1));
        ck_assert_str_eq(fixture.last_route, "/stream");
}
END_TEST

START_TEST(all_framings_are_understood)
{
        expect(HEAD "Content-Length: 5\r\n\r\nhello", 200, "hello");
        expect(HEAD "\r\n", 200, "");
        expect(CHUNKED "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", 200, "hello world");
        expect("POST /stream?a=1 HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab", 200, "ab");
        expect("POST /stream HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", 200, NULL);
}
END_TEST

START_TEST(http_1_0_gets_no_chunks)
{
        _cleanup_(buffer_deinit) Buffer all = BUFFER_INIT;

        ck_assert(http_client_send_text(client, "POST /stream HTTP/1.0\r\nContent-Length: 5\r\n\r\n"
                                                "hello"));
        ck_assert(http_client_wait_closed(client, &all));
        ck_assert_ptr_null(strstr(buffer_text(&all), "chunked"));
        ck_assert_ptr_nonnull(strstr(buffer_text(&all), "\r\n\r\nhello"));
}
END_TEST

START_TEST(a_large_body_has_no_limit)
{
        const size_t size = 100 * (size_t)FIXTURE_BODY_BYTES_MAX;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        buffer_printf(&text, HEAD "Content-Length: %zu\r\n\r\n", size);
        memset(buffer_reserve(&text, size), 'x', size);
        text.size += size;
        ck_assert(http_client_send(client, text.data, text.size));
        ck_assert(http_client_read(client, &answer, false));
        ck_assert_int_eq(answer.status, 200);
        ck_assert_uint_eq(answer.body.size, size);
}
END_TEST

START_TEST(the_client_may_wait_for_100)
{
        ck_assert(http_client_send_text(client, HEAD "Content-Length: 2\r\n"
                                                     "Expect: 100-continue\r\n\r\n"));
        ck_assert(http_client_wait_continue(client));
        ck_assert(http_client_send_text(client, "ab"));
        ck_assert(http_client_read(client, &answer, false));
        ck_assert_str_eq(buffer_text(&answer.body), "ab");
        /* who is refused is spared the body */
        expect("POST /stream?refuse=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
               "Expect: 100-continue\r\n\r\n",
               503, "not now");
}
END_TEST

START_TEST(a_body_that_ends_early_is_told)
{
        expect(CHUNKED "5\r\nhello\r\nzz\r\n", 200, "[400 the body's chunks are malformed]");
        expect(CHUNKED "5\r\nhelloo\r\n", 200, "[400 the body's chunks");
        expect(CHUNKED "5\nhello\n", 200, "[400 the body's chunks");
        expect(CHUNKED "1000000000000000\r\n", 200, "[400 the body's chunks");
        fixture.stream_timeout_ms = 100;
        expect(HEAD "Content-Length: 5\r\n\r\nhell", 200, "hell[408 the body does not go on]");
}
END_TEST

START_TEST(a_body_that_is_cut_is_told)
{
        ck_assert(http_client_send_text(client, HEAD "Content-Length: 5\r\n\r\nhell"));
        http_client_end(client);
        ck_assert(http_client_read(client, &answer, false));
        ck_assert_str_eq(buffer_text(&answer.body), "hell[400 the body ends before its end]");
}
END_TEST

START_TEST(heads_are_read_strictly)
{
        expect("POST /stream HTTP/1.1\r\n\r\n", 400, "Host");
        expect(HEAD "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
               "not both");
        expect(HEAD "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400, "one number");
        expect(HEAD "Content-Length: 4\r\ncontent-length: 4\r\n\r\nabcd", 400, "two spellings");
        expect(HEAD "Transfer-Encoding: gzip\r\n\r\n", 501, "chunked");
        expect("POST /stream HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, NULL);
        expect("POST /stream HTTP/2.0\r\nHost: x\r\n\r\n", 505, NULL);
        expect("POST /stream  HTTP/1.1\r\nHost: x\r\n\r\n", 400, NULL);
        expect(HEAD "Content-Length : 4\r\n\r\nabcd", 400, "no token");
        expect(HEAD "A: b\r\n c\r\n\r\n", 400, "no token");
        expect(HEAD "A: b\n\r\n\r\n", 400, "CRLF");
        expect(HEAD "A: b\x01\r\n\r\n", 400, "control character");
        expect(HEAD "A: caf\xe9\r\n\r\n", 400, "not UTF-8");
        expect("POST /stream?a=%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "NUL");
}
END_TEST

START_TEST(heads_have_a_limit)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        buffer_append_string(&text, HEAD);
        for (int i = 0; i < HTTP_HEADERS_MAX; i++)
                buffer_printf(&text, "X-%d: 1\r\n", i);
        buffer_append_string(&text, "\r\n");
        expect(text.data, 431, NULL);

        buffer_clear(&text);
        buffer_append_string(&text, HEAD "A: ");
        for (int i = 0; i < HTTP_HEAD_BYTES_MAX / 8; i++)
                buffer_append_string(&text, "01234567");
        expect(text.data, 431, NULL);
}
END_TEST

START_TEST(a_slow_head_is_cut_off)
{
        ck_assert(http_client_send_text(client, HEAD));
        ck_assert(http_client_wait_closed(client, NULL));
}
END_TEST

/* Few first bytes, or none, say nothing about who is to serve them; they have the same timeouts. */
START_TEST(slow_first_bytes_are_cut_off)
{
        _cleanup_(http_client_freep) HttpClient *mute = http_client_new(fixture.port);

        ck_assert(http_client_send_text(client, "POST /str"));
        ck_assert(http_client_wait_closed(client, NULL));
        ck_assert(http_client_wait_closed(mute, NULL));
}
END_TEST

START_TEST(first_bytes_may_come_one_by_one)
{
        static const char *const requests[] = {
                HEAD "Content-Length: 2\r\n\r\nab",
                "POST /streams HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab",
                "PUT /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        };
        static const int statuses[] = { 200, 404, 200, 405 };

        for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
                _cleanup_(http_client_freep) HttpClient *slow = http_client_new(fixture.port);

                for (const char *p = requests[i]; *p; p++)
                        ck_assert(http_client_send(slow, p, 1));
                ck_assert(http_client_read(slow, &answer, false));
                ck_assert_int_eq(answer.status, statuses[i]);
        }
}
END_TEST

START_TEST(a_later_request_has_its_body_in_memory)
{
        char value[64];

        ck_assert_int_eq(http_client_exchange(client, &answer, "GET", "/own", NULL, NULL), 200);
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(http_client_exchange(client, &answer, "POST", "/stream", NULL,
                                                      "hello"),
                                 200);
                ck_assert_str_eq(buffer_text(&answer.body), "hello");
                ck_assert(http_answer_header(&answer, "X-Stream", value, sizeof value));
                ck_assert(http_answer_header(&answer, "Content-Length", value, sizeof value));
        }
        ck_assert_int_eq(http_client_exchange(client, &answer, "POST", "/stream?refuse=1", NULL,
                                              "hello"),
                         503);
        ck_assert(http_answer_header(&answer, "Retry-After", value, sizeof value));
}
END_TEST

START_TEST(credentials_are_asked_for)
{
        char value[64];

        ck_assert_int_eq(http_client_exchange(client, &answer, "POST", "/private/stream", NULL,
                                              "hello"),
                         401);
        ck_assert(http_answer_header(&answer, "WWW-Authenticate", value, sizeof value));
        ck_assert(http_client_wait_closed(client, NULL));
}
END_TEST

/* Nobody takes the answer: the handler is told so in time, and goes on no longer. */
START_TEST(who_does_not_read_is_cut_off)
{
        static char bytes[1 << 16];
        Buffer text = BUFFER_INIT;
        int64_t end_us = clock_monotonic_us() + 60 * US_PER_SEC;
        bool is_open = true;

        fixture.stream_timeout_ms = 300;
        buffer_append_string(&text, HEAD "Content-Length: 1000000000\r\n\r\n");
        ck_assert(http_client_send(client, text.data, text.size));
        buffer_deinit(&text);
        while (is_open && clock_monotonic_us() < end_us)
                is_open = http_client_send(client, bytes, sizeof bytes);
        ck_assert(!is_open);
        ck_assert(http_fixture_wait_requests(&fixture, 1));
}
END_TEST

START_TEST(streams_count_as_connections)
{
        HttpClient *others[4];

        for (int i = 0; i < 3; i++) {
                others[i] = http_client_new(fixture.port);
                ck_assert(http_client_send_text(others[i], CHUNKED));
        }
        ck_assert(http_client_send_text(client, CHUNKED));
        others[3] = http_client_new(fixture.port); /* waits in the kernel's queue */
        ck_assert(http_client_send_text(others[3], "GET /own HTTP/1.1\r\nHost: x\r\n\r\n"));
        ck_assert(http_client_send_text(others[0], "0\r\n\r\n"));
        ck_assert(http_client_read(others[3], &answer, false));
        ck_assert_int_eq(answer.status, 200);
        ck_assert_uint_le(http_server_connections(fixture.server), 4);
        for (int i = 0; i < 4; i++)
                http_client_free(others[i]);
}
END_TEST

START_TEST(stopping_ends_streams_with_an_answer)
{
        ck_assert(http_client_send_text(client, CHUNKED "5\r\nhello\r\n"));
        ck_assert(http_client_read_head(client, &answer));
        ck_assert(http_server_stop(fixture.server, clock_monotonic_us() + 30 * US_PER_SEC));
        ck_assert(http_client_expect(client, "5\r\nhello\r\n"));
        ck_assert(http_client_expect(client, "1d\r\n[503 the service is stopping]\r\n0\r\n\r\n"));
}
END_TEST

/* Who takes no answer is cut off halfway to the deadline, so that the handler can end before it. */
START_TEST(stopping_does_not_wait_for_who_does_not_read)
{
        static char bytes[1 << 16];

        ck_assert(http_client_send_text(client, HEAD "Content-Length: 1000000000\r\n\r\n"));
        while (http_client_send_within(client, bytes, sizeof bytes, 300 * US_PER_MS))
                ;
        ck_assert(http_server_stop(fixture.server, clock_monotonic_us() + 16 * US_PER_SEC));
}
END_TEST

/* Whoever has not sent its head by the deadline is cut off, and its thread is gone before the server is. */
START_TEST(stopping_cuts_heads_off)
{
        HttpClient *others[3];

        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                others[i] = http_client_new(fixture.port);
                ck_assert(http_client_send_text(others[i], HEAD));
        }
        ck_assert(eventually(60000, http_server_connections(fixture.server) >= ARRAY_SIZE(others)));
        ck_assert(http_server_stop(fixture.server, clock_monotonic_us()));
        ck_assert_uint_eq(http_server_connections(fixture.server), 0);
        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                http_client_free(others[i]);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("http_stream");
        TCase *tc = tcase_create("http_stream");
        TCase *slow = tcase_create("slow clients");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, a_body_is_answered_while_it_comes);
        tcase_add_test(tc, all_framings_are_understood);
        tcase_add_test(tc, http_1_0_gets_no_chunks);
        tcase_add_test(tc, a_large_body_has_no_limit);
        tcase_add_test(tc, the_client_may_wait_for_100);
        tcase_add_test(tc, a_body_that_ends_early_is_told);
        tcase_add_test(tc, a_body_that_is_cut_is_told);
        tcase_add_test(tc, heads_are_read_strictly);
        tcase_add_test(tc, heads_have_a_limit);
        tcase_add_test(tc, first_bytes_may_come_one_by_one);
        tcase_add_test(tc, a_later_request_has_its_body_in_memory);
        tcase_add_test(tc, credentials_are_asked_for);
        tcase_add_test(tc, who_does_not_read_is_cut_off);
        tcase_add_test(tc, streams_count_as_connections);
        tcase_add_test(tc, stopping_ends_streams_with_an_answer);
        tcase_add_test(tc, stopping_does_not_wait_for_who_does_not_read);
        tcase_add_loop_test(tc, stopping_cuts_heads_off, 0, 20);
        suite_add_tcase(suite, tc);
        tcase_add_checked_fixture(slow, setup_impatient, teardown);
        tcase_set_timeout(slow, 60);
        tcase_add_test(slow, a_slow_head_is_cut_off);
        tcase_add_test(slow, slow_first_bytes_are_cut_off);
        suite_add_tcase(suite, slow);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
