#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/http/http_fixture.h"

static HttpFixture fixture;
static HttpClient *client;
static HttpAnswer answer;

static void setup(void)
{
        HttpOptions options = http_fixture_options();

        http_fixture_start(&fixture, &options);
        client = http_client_new(fixture.port);
        ck_assert_ptr_nonnull(client);
}

static void teardown(void)
{
        http_answer_deinit(&answer);
        http_client_free(client);
        http_fixture_stop(&fixture);
}

static int exchange(const char *method, const char *target, const char *headers, const char *body)
{
        return http_client_exchange(client, &answer, method, target, headers, body);
}

static bool body_has(const char *text)
{
        return strstr(buffer_text(&answer.body), text);
}

static void expect_header(const char *name, const char *expected)
{
        char value[256];

        ck_assert_msg(http_answer_header(&answer, name, value, sizeof value), "no %s in %s", name,
                      buffer_text(&answer.head));
        ck_assert_str_eq(value, expected);
}

static void expect_problem(int status, const char *slug)
{
        char type[96], number[32];

        ck_assert_int_eq(answer.status, status);
        expect_header("Content-Type", "application/problem+json");
        (void)snprintf(type, sizeof type, "\"type\":\"https://skafu.dev/problems/%s\"", slug);
        (void)snprintf(number, sizeof number, "\"status\":%d", status);
        ck_assert_msg(body_has(type) && body_has(number), "%s", buffer_text(&answer.body));
}

START_TEST(a_request_arrives_as_it_was_sent)
{
        ck_assert_int_eq(exchange("POST", "/describe/a%2Fb%20c?a=1&b=x%26y+z&a=2&empty",
                                  "X-ECHO: here\r\nX-ECHO: again\r\n", "{\"n\":1}"),
                         200);
        expect_header("Content-Type", "application/json");
        expect_header("X-Echo", "here,again");
        ck_assert_str_eq(buffer_text(&answer.body),
                         "{\"method\":\"POST\",\"path\":\"/describe/a%2Fb%20c\",\"id\":\"a/b c\","
                         "\"first\":\"1\",\"echo\":\"here,again\",\"body\":\"{\\\"n\\\":1}\","
                         "\"received\":true,\"principal\":false,"
                         "\"query\":{\"a\":\"1\",\"b\":\"x&y z\",\"a\":\"2\",\"empty\":\"\"}}");
        ck_assert(http_fixture_wait_requests(&fixture, 1));
        ck_assert_str_eq(fixture.last_route, "/describe/:id");
        ck_assert_int_eq(fixture.last_status, -200);
}
END_TEST

START_TEST(bodies_are_bytes)
{
        static const char body[] = "a\0b\xff\r\n\r\nGET / HTTP/1.1";
        char head[128];

        (void)snprintf(head, sizeof head,
                       "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                       sizeof body);
        ck_assert(http_client_send_text(client, head));
        ck_assert(http_client_send(client, body, sizeof body));
        ck_assert(http_client_read(client, &answer, false));
        ck_assert_uint_eq(answer.body.size, sizeof body);
        ck_assert_mem_eq(answer.body.data, body, sizeof body);
}
END_TEST

START_TEST(forms_are_bytes_too)
{
        ck_assert_int_eq(exchange("POST", "/echo",
                                  "Content-Type: application/x-www-form-urlencoded\r\n",
                                  "a=1&b=%41"),
                         200);
        ck_assert_str_eq(buffer_text(&answer.body), "a=1&b=%41");
}
END_TEST

START_TEST(a_chunked_body_is_put_together)
{
        ck_assert(http_client_send_text(client, "POST /echo HTTP/1.1\r\nHost: x\r\n"
                                                "Transfer-Encoding: chunked\r\n\r\n"
                                                "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n"));
        ck_assert(http_client_read(client, &answer, false));
        ck_assert_str_eq(buffer_text(&answer.body), "abcd");
        ck_assert_int_eq(exchange("POST", "/echo", NULL, "next"), 200);
}
END_TEST

START_TEST(literal_segments_win_over_parameters)
{
        ck_assert_int_eq(exchange("GET", "/describe/fixed", NULL, NULL), 200);
        ck_assert_uint_eq(answer.body.size, 0);
        ck_assert_int_eq(exchange("GET", "/describe/fixed2", NULL, NULL), 200);
        ck_assert(body_has("\"id\":\"fixed2\""));
}
END_TEST

START_TEST(unknown_paths_are_not_found)
{
        static const char *const paths[] = {
                "/",
                "/nowhere",
                "/describe",
                "/describe/",
                "/describe//",
                "//echo",
                "/echo/",
                "/describe/a/b",
                "/Echo",
                "/echo%2F",
                "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u",
        };

        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                (void)exchange("GET", paths[i], NULL, NULL);
                expect_problem(404, "not-found");
        }
        ck_assert(http_fixture_wait_requests(&fixture, ARRAY_SIZE(paths)));
        ck_assert_str_eq(fixture.last_route, "");
        ck_assert_int_eq(fixture.last_status, 404);
}
END_TEST

START_TEST(other_methods_are_told_which_there_are)
{
        (void)exchange("DELETE", "/describe/1", NULL, NULL);
        expect_problem(405, "method-not-allowed");
        expect_header("Allow", "GET, HEAD, POST, PUT, OPTIONS");
        (void)exchange("BREW", "/echo", NULL, NULL);
        expect_problem(405, "method-not-allowed");
        expect_header("Allow", "POST, OPTIONS");
        ck_assert_int_eq(exchange("OPTIONS", "/echo", NULL, NULL), 204);
        expect_header("Allow", "POST, OPTIONS");
        ck_assert_int_eq(exchange("OPTIONS", "*", NULL, NULL), 204);
        ck_assert_int_eq(exchange("OPTIONS", "/nowhere", NULL, NULL), 404);
}
END_TEST

START_TEST(head_is_get_without_a_body)
{
        char length[16];

        ck_assert_int_eq(exchange("HEAD", "/describe/1", NULL, NULL), 200);
        ck_assert(http_answer_header(&answer, "Content-Length", length, sizeof length));
        ck_assert_str_ne(length, "0");
        ck_assert_int_eq(exchange("HEAD", "/nowhere", NULL, NULL), 404);
        ck_assert_int_eq(exchange("HEAD", "/echo", NULL, NULL), 405);
        ck_assert_int_eq(exchange("GET", "/own", NULL, NULL), 200); /* nothing was left over */
        ck_assert_str_eq(buffer_text(&answer.body), "own");
}
END_TEST

START_TEST(errors_become_problems)
{
        static const struct {
                ErrorCode code;
                int status;
                const char *slug;
        } cases[] = {
                { ERROR_MALFORMED, 400, "malformed" },
                { ERROR_UNAUTHENTICATED, 401, "unauthenticated" },
                { ERROR_FORBIDDEN, 403, "forbidden" },
                { ERROR_INVALID, 422, "invalid" },
                { ERROR_NOT_FOUND, 404, "not-found" },
                { ERROR_CONFLICT, 409, "conflict" },
                { ERROR_TOO_LARGE, 413, "too-large" },
                { ERROR_UNAVAILABLE, 503, "unavailable" },
        };
        char target[64];

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                (void)snprintf(target, sizeof target, "/problem/%d", cases[i].code);
                (void)exchange("GET", target, NULL, NULL);
                expect_problem(cases[i].status, cases[i].slug);
                ck_assert(body_has("\"field\":\"payload.name\"") &&
                          body_has("\"detail\":\"it is "));
                ck_assert_int_eq(http_status_of(cases[i].code), cases[i].status);
        }
        expect_header("Retry-After", "1");
}
END_TEST

START_TEST(a_problem_can_have_another_status_and_more_members)
{
        char target[64];

        (void)snprintf(target, sizeof target, "/problem/%d?status=412", ERROR_CONFLICT);
        (void)exchange("GET", target, NULL, NULL);
        expect_problem(412, "precondition-failed");
        ck_assert(body_has(",\"currentVersion\":3}"));
}
END_TEST

START_TEST(what_broke_inside_is_not_told)
{
        char target[64];

        (void)snprintf(target, sizeof target, "/problem/%d", ERROR_INTERNAL);
        (void)exchange("GET", target, NULL, NULL);
        expect_problem(500, "internal");
        ck_assert(!body_has("detail") && !body_has("payload.name"));
        (void)exchange("GET", "/nothing", NULL, NULL);
        expect_problem(500, "internal");
}
END_TEST

START_TEST(a_header_cannot_smuggle_another_one)
{
        ck_assert_int_eq(exchange("GET", "/describe/1", "X-Echo: a\tb\x01\r\n", NULL), 200);
        expect_header("X-Echo", "a?b?");
}
END_TEST

START_TEST(private_routes_want_credentials)
{
        (void)exchange("GET", "/private", NULL, NULL);
        expect_problem(401, "unauthenticated");
        expect_header("WWW-Authenticate", "Bearer realm=\"skafu\"");
}
END_TEST

START_TEST(connections_are_kept_and_pipelined_requests_answered_in_order)
{
        _cleanup_(buffer_deinit) Buffer requests = BUFFER_INIT;
        char expected[32];

        for (int i = 0; i < 100; i++)
                buffer_printf(&requests, "GET /describe/%d HTTP/1.1\r\nHost: x\r\n\r\n", i);
        ck_assert(http_client_send(client, requests.data, requests.size));
        for (int i = 0; i < 100; i++) {
                ck_assert(http_client_read(client, &answer, false));
                (void)snprintf(expected, sizeof expected, "\"id\":\"%d\"", i);
                ck_assert(body_has(expected));
        }
        ck_assert_uint_eq(http_server_connections(fixture.server), 1);
}
END_TEST

START_TEST(a_client_can_ask_to_close)
{
        ck_assert_int_eq(exchange("GET", "/own", "Connection: close\r\n", NULL), 200);
        ck_assert(http_client_wait_closed(client, NULL));
}
END_TEST

START_TEST(http_1_0_is_answered_and_closed)
{
        ck_assert(http_client_send_text(client, "GET /own HTTP/1.0\r\n\r\n"));
        ck_assert(http_client_read(client, &answer, false));
        ck_assert_str_eq(buffer_text(&answer.body), "own");
        ck_assert(http_client_wait_closed(client, NULL));
}
END_TEST

START_TEST(the_absolute_form_is_understood)
{
        ck_assert_int_eq(exchange("GET", "http://localhost/own?x=1", NULL, NULL), 200);
        ck_assert_str_eq(buffer_text(&answer.body), "own");
}
END_TEST

/* One of many clients at once; NULL on success. */
static void *hammer(void *data)
{
        _cleanup_(http_client_freep) HttpClient *own = http_client_new(fixture.port);
        _cleanup_(http_answer_deinit) HttpAnswer mine = HTTP_ANSWER_INIT;
        char body[64];

        for (int i = 0; own && i < 100; i++) {
                (void)snprintf(body, sizeof body, "%zu/%d", *(size_t *)data, i);
                if (http_client_exchange(own, &mine, "POST", "/echo", NULL, body) != 200 ||
                    strcmp(buffer_text(&mine.body), body) != 0)
                        return data;
        }
        return own ? NULL : data;
}

START_TEST(many_clients_at_once_get_their_own_answers)
{
        pthread_t threads[32];
        size_t numbers[ARRAY_SIZE(threads)];
        void *failed = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
                numbers[i] = i;
                ck_assert_int_eq(pthread_create(&threads[i], NULL, hammer, &numbers[i]), 0);
        }
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
                void *result;

                (void)pthread_join(threads[i], &result);
                failed = failed ? failed : result;
        }
        ck_assert_ptr_null(failed);
}
END_TEST

START_TEST(a_client_that_leaves_harms_nobody)
{
        _cleanup_(http_client_freep) HttpClient *other = http_client_new(fixture.port);

        ck_assert(http_client_request(other, "GET", "/wait", NULL, NULL));
        ck_assert(http_fixture_wait_running(&fixture, 1));
        http_client_free(TAKE_PTR(other));
        http_fixture_release(&fixture);
        ck_assert(http_fixture_wait_requests(&fixture, 1));
        ck_assert_int_eq(exchange("GET", "/own", NULL, NULL), 200);
}
END_TEST

static TCase *cases(void)
{
        TCase *tcase = tcase_create("http_server");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 50);
        tcase_add_test(tcase, a_request_arrives_as_it_was_sent);
        tcase_add_test(tcase, bodies_are_bytes);
        tcase_add_test(tcase, forms_are_bytes_too);
        tcase_add_test(tcase, a_chunked_body_is_put_together);
        tcase_add_test(tcase, literal_segments_win_over_parameters);
        tcase_add_test(tcase, unknown_paths_are_not_found);
        tcase_add_test(tcase, other_methods_are_told_which_there_are);
        tcase_add_test(tcase, head_is_get_without_a_body);
        tcase_add_test(tcase, errors_become_problems);
        tcase_add_test(tcase, a_problem_can_have_another_status_and_more_members);
        tcase_add_test(tcase, what_broke_inside_is_not_told);
        tcase_add_test(tcase, a_header_cannot_smuggle_another_one);
        tcase_add_test(tcase, private_routes_want_credentials);
        tcase_add_test(tcase, connections_are_kept_and_pipelined_requests_answered_in_order);
        tcase_add_test(tcase, a_client_can_ask_to_close);
        tcase_add_test(tcase, http_1_0_is_answered_and_closed);
        tcase_add_test(tcase, the_absolute_form_is_understood);
        tcase_add_test(tcase, many_clients_at_once_get_their_own_answers);
        tcase_add_test(tcase, a_client_that_leaves_harms_nobody);
        return tcase;
}

int main(void)
{
        Suite *suite = suite_create("http_server");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases());
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
