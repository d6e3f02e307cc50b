#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/http/http_fixture.h"
#include "tests/support/eventually.h"

static HttpFixture fixture;

static void setup(void)
{
        HttpOptions options = http_fixture_options();

        http_fixture_start(&fixture, &options);
}

static void teardown(void)
{
        http_fixture_stop(&fixture);
}

typedef struct Stop {
        pthread_t thread;
        int64_t grace_us;
        bool result;
} Stop;

static void *stop_thread(void *data)
{
        Stop *stop = data;

        stop->result = http_server_stop(fixture.server, clock_monotonic_us() + stop->grace_us);
        return NULL;
}

static void begin_stop(Stop *stop, int64_t grace_us)
{
        stop->grace_us = grace_us;
        ck_assert_int_eq(pthread_create(&stop->thread, NULL, stop_thread, stop), 0);
}

static bool end_stop(Stop *stop)
{
        (void)pthread_join(stop->thread, NULL);
        return stop->result;
}

static bool refused(void)
{
        HttpClient *client = http_client_new(fixture.port);

        http_client_free(client);
        return !client;
}

/* Until nobody listens any more. */
static void wait_until_refused(void)
{
        ck_assert(eventually(30000, refused()));
}

START_TEST(stopping_an_idle_server_closes_at_once)
{
        _cleanup_(http_client_freep) HttpClient *used = http_client_new(fixture.port);
        _cleanup_(http_client_freep) HttpClient *unused = http_client_new(fixture.port);
        _cleanup_(http_answer_deinit) HttpAnswer answer = HTTP_ANSWER_INIT;
        int64_t deadline_us;

        ck_assert_int_eq(http_client_exchange(used, &answer, "GET", "/own", NULL, NULL), 200);
        deadline_us = clock_monotonic_us() + 30 * US_PER_SEC;
        ck_assert(http_server_stop(fixture.server, deadline_us));
        ck_assert_int_lt(clock_monotonic_us(), deadline_us); /* and not because of it */
        ck_assert(http_client_wait_closed(used, NULL));
        ck_assert(http_client_wait_closed(unused, NULL));
        ck_assert(refused());
        ck_assert(http_server_stop(fixture.server, 0)); /* again is nothing */
}
END_TEST

START_TEST(running_handlers_finish_and_are_answered)
{
        _cleanup_(http_client_freep) HttpClient *client = http_client_new(fixture.port);
        _cleanup_(http_answer_deinit) HttpAnswer answer = HTTP_ANSWER_INIT;
        char value[16];
        Stop stop;

        ck_assert(http_client_request(client, "GET", "/wait", NULL, NULL));
        ck_assert(http_fixture_wait_running(&fixture, 1));
        begin_stop(&stop, 30 * US_PER_SEC);
        wait_until_refused();
        http_fixture_release(&fixture);
        ck_assert(http_client_read(client, &answer, false));
        ck_assert_str_eq(buffer_text(&answer.body), "released");
        ck_assert(http_answer_header(&answer, "Connection", value, sizeof value));
        ck_assert_str_eq(value, "close");
        ck_assert(http_client_wait_closed(client, NULL));
        ck_assert(end_stop(&stop));
}
END_TEST

START_TEST(a_request_on_its_way_is_answered)
{
        _cleanup_(http_client_freep) HttpClient *client = http_client_new(fixture.port);
        _cleanup_(http_answer_deinit) HttpAnswer answer = HTTP_ANSWER_INIT;
        Stop stop;

        /* the server has read the head when it asks for the body */
        ck_assert(http_client_send_text(client,
                                        "POST /echo HTTP/1.1\r\nHost: x\r\n"
                                        "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
        ck_assert(http_client_wait_continue(client));
        begin_stop(&stop, 30 * US_PER_SEC);
        wait_until_refused();
        ck_assert(http_client_send_text(client, "body"));
        ck_assert(http_client_read(client, &answer, false));
        ck_assert_str_eq(buffer_text(&answer.body), "body");
        ck_assert(end_stop(&stop));
}
END_TEST

START_TEST(a_stuck_handler_is_reported_at_the_deadline)
{
        _cleanup_(http_client_freep) HttpClient *client = http_client_new(fixture.port);

        ck_assert(http_client_request(client, "GET", "/wait", NULL, NULL));
        ck_assert(http_fixture_wait_running(&fixture, 1));
        ck_assert(!http_server_stop(fixture.server, clock_monotonic_us() + 200 * US_PER_MS));
}
END_TEST

START_TEST(half_sent_requests_do_not_hold_the_stop_up)
{
        _cleanup_(http_client_freep) HttpClient *client = http_client_new(fixture.port);
        int64_t started_us = clock_monotonic_us();

        ck_assert(http_client_send_text(client, "POST /echo HTTP/1.1\r\nHost: x\r\n"));
        ck_assert(http_server_stop(fixture.server, started_us + 30 * US_PER_SEC));
        ck_assert(http_client_wait_closed(client, NULL));
}
END_TEST

/* Requests until the server stops; each is answered in full or not at all. NULL when so. */
static void *load(void *data)
{
        int *n_answered = data;

        for (;;) {
                _cleanup_(http_client_freep) HttpClient *client = http_client_new(fixture.port);
                _cleanup_(http_answer_deinit) HttpAnswer answer = HTTP_ANSWER_INIT;

                if (!client)
                        return NULL;
                while (http_client_request(client, "POST", "/echo", NULL, "a body")) {
                        if (!http_client_read(client, &answer, false))
                                break;
                        if (answer.status != 200 ||
                            strcmp(buffer_text(&answer.body), "a body") != 0)
                                return data;
                        (*n_answered)++;
                }
                if (answer.status && !answer.head.size)
                        return data;
        }
}

START_TEST(stopping_under_load)
{
        pthread_t threads[8];
        int n_answered[ARRAY_SIZE(threads)] = { 0 };
        bool all_good = true;

        for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, load, &n_answered[i]), 0);
        ck_assert(http_fixture_wait_requests(&fixture, 500));
        ck_assert(http_server_stop(fixture.server, clock_monotonic_us() + 30 * US_PER_SEC));
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
                void *result;

                (void)pthread_join(threads[i], &result);
                all_good = all_good && !result;
        }
        ck_assert(all_good);
}
END_TEST

START_TEST(a_taken_port_is_named)
{
        HttpOptions options = http_fixture_options();
        HttpServer *server = NULL;
        Error err = ERROR_INIT;
        char expected[64];

        options.port = fixture.port;
        ck_assert_int_eq(http_server_start(&server, &options, options.own_routes, NULL, &err),
                         ERROR_UNAVAILABLE);
        (void)snprintf(expected, sizeof expected,
                       "could not listen on 127.0.0.1 port %u: ", fixture.port);
        ck_assert_msg(strncmp(err.message, expected, strlen(expected)) == 0, "%s", err.message);
        options.listen_address = "no address";
        ck_assert_int_eq(http_server_start(&server, &options, options.own_routes, NULL, &err),
                         ERROR_INVALID);
}
END_TEST

START_TEST(both_families_are_served)
{
        HttpOptions options = http_fixture_options();
        _cleanup_(http_answer_deinit) HttpAnswer answer = HTTP_ANSWER_INIT;
        HttpFixture dual;

        options.listen_address = "::";
        http_fixture_start(&dual, &options);
        {
                _cleanup_(http_client_freep) HttpClient *four = http_client_new(dual.port);
                _cleanup_(http_client_freep) HttpClient *six = http_client_new_ipv6(dual.port);

                ck_assert(four && six);
                ck_assert_int_eq(http_client_exchange(four, &answer, "GET", "/own", NULL, NULL),
                                 200);
                ck_assert_int_eq(http_client_exchange(six, &answer, "GET", "/own", NULL, NULL),
                                 200);
        }
        http_fixture_stop(&dual);
}
END_TEST

START_TEST(connections_over_the_limit_wait)
{
        HttpOptions options = http_fixture_options();
        _cleanup_(http_answer_deinit) HttpAnswer answer = HTTP_ANSWER_INIT;
        HttpFixture small;

        options.connections_max = 2;
        http_fixture_start(&small, &options);
        {
                _cleanup_(http_client_freep) HttpClient *first = http_client_new(small.port);
                _cleanup_(http_client_freep) HttpClient *second = http_client_new(small.port);
                _cleanup_(http_client_freep) HttpClient *third = NULL;

                ck_assert_int_eq(http_client_exchange(first, &answer, "GET", "/own", NULL, NULL),
                                 200);
                ck_assert_int_eq(http_client_exchange(second, &answer, "GET", "/own", NULL, NULL),
                                 200);
                third = http_client_new(small.port);
                ck_assert_ptr_nonnull(third);
                ck_assert(http_client_request(third, "GET", "/own", NULL, NULL));
                ck_assert_uint_le(http_server_connections(small.server), 2);
                http_client_free(TAKE_PTR(first));
                ck_assert(http_client_read(third, &answer, false));
                ck_assert_int_eq(answer.status, 200);
        }
        http_fixture_stop(&small);
}
END_TEST

START_TEST(idle_connections_make_place_for_others)
{
        HttpOptions options = http_fixture_options();
        _cleanup_(http_answer_deinit) HttpAnswer answer = HTTP_ANSWER_INIT;
        HttpFixture small;

        options.connections_max = 2;
        http_fixture_start(&small, &options);
        {
                _cleanup_(http_client_freep) HttpClient *idle = http_client_new(small.port);
                _cleanup_(http_client_freep) HttpClient *busy = http_client_new(small.port);
                _cleanup_(http_client_freep) HttpClient *third = NULL;

                ck_assert_int_eq(http_client_exchange(idle, &answer, "GET", "/own", NULL, NULL),
                                 200);
                ck_assert(http_client_request(busy, "GET", "/wait", NULL, NULL));
                ck_assert(http_fixture_wait_running(&small, 1));
                third = http_client_new(small.port); /* now that the other one is not idle */
                ck_assert_int_eq(http_client_exchange(third, &answer, "GET", "/own", NULL, NULL),
                                 200);
                ck_assert(http_client_wait_closed(idle, NULL));
                http_fixture_release(&small);
                ck_assert(http_client_read(busy, &answer, false));
                ck_assert_str_eq(buffer_text(&answer.body), "released");
        }
        http_fixture_stop(&small);
}
END_TEST

static TCase *cases(void)
{
        TCase *tcase = tcase_create("http_stop");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 50);
        tcase_add_test(tcase, stopping_an_idle_server_closes_at_once);
        tcase_add_test(tcase, running_handlers_finish_and_are_answered);
        tcase_add_test(tcase, a_request_on_its_way_is_answered);
        tcase_add_test(tcase, a_stuck_handler_is_reported_at_the_deadline);
        tcase_add_test(tcase, half_sent_requests_do_not_hold_the_stop_up);
        tcase_add_test(tcase, stopping_under_load);
        tcase_add_test(tcase, a_taken_port_is_named);
        tcase_add_test(tcase, both_families_are_served);
        tcase_add_test(tcase, connections_over_the_limit_wait);
        tcase_add_test(tcase, idle_connections_make_place_for_others);
        return tcase;
}

int main(void)
{
        Suite *suite = suite_create("http_stop");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases());
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
