/*
 * test_consistency.c — a read with a token waits for its views, and never answers from before it.
 */

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "query_stack.h"

static QueryStack *stack;

static void set_up(void)
{
        stack = query_stack_new();
        query_stack_insert(stack, "project",
                           "{\"id\":\"p\",\"name\":\"x\",\"owner\":\"alice\",\"_aggregate\":\"p\","
                           "\"_sequence\":1}");
        query_stack_position(stack, "project", "project", 1, 20);
        query_stack_position(stack, "project", "project", 0, 10);
}

static void tear_down(void)
{
        query_stack_free(stack);
}

START_TEST(answers_say_where_the_view_is)
{
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, "/v1/projects/p", NULL), 200);
        ck_assert_str_eq(query_stack_header(stack, "X-Consistency-Token"),
                         "project.0.10,project.1.20");
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, "/v1/projects?limit=1", NULL), 200);
        ck_assert_str_eq(query_stack_header(stack, "X-Consistency-Token"),
                         "project.0.10,project.1.20");
        /* a row that is not there was looked for as well */
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, "/v1/projects/q", NULL), 404);
        ck_assert_str_eq(query_stack_header(stack, "X-Consistency-Token"),
                         "project.0.10,project.1.20");
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, "/v1/notes", NULL), 200);
        ck_assert_str_eq(query_stack_header(stack, "X-Consistency-Token"), "");
}
END_TEST

START_TEST(tokens_that_are_reached)
{
        static const char *const reached[] = { "project.0.10", "project.1.1",
                                               "project.0.10,project.1.20",
                                               "project.0.3, project.1.4",
                                               /* no event of this type changes the view */
                                               "metric.7.99999" };

        for (size_t i = 0; i < ARRAY_SIZE(reached); i++)
                ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, "/v1/projects/p", reached[i]),
                                 200);
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, "/v1/projects?after=project.1.20",
                                         NULL),
                         200);
        ck_assert_uint_eq(json_array_size(json_object_get(query_stack_json(stack), "items")), 1);
}
END_TEST

static void expect_behind(const char *target, const char *token)
{
        int64_t start_us = clock_monotonic_us();

        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, target, token), 503);
        ck_assert_str_eq(json_string_value(json_object_get(query_stack_json(stack), "type")),
                         "https://skafu.dev/problems/unavailable");
        ck_assert_str_eq(json_string_value(json_object_get(query_stack_json(stack), "field")),
                         "X-Consistency-Token");
        ck_assert_str_ne(query_stack_header(stack, "Retry-After"), "");
        ck_assert_int_ge(clock_monotonic_us() - start_us, 300 * US_PER_MS);
}

START_TEST(tokens_that_are_not)
{
        expect_behind("/v1/projects/p", "project.0.11");
        expect_behind("/v1/projects", "project.0.1,project.1.21");
        expect_behind("/v1/projects?after=project.0.11", "project.0.1");
        expect_behind("/v1/projects", "project.2.1"); /* a partition that is new */
        expect_behind("/v1/notes", "project.0.1");    /* a view that has not begun */
}
END_TEST

START_TEST(all_views_that_are_read_must_be_there)
{
        query_stack_insert(stack, "service",
                           "{\"id\":\"s\",\"projectId\":\"p\",\"name\":\"x\",\"_aggregate\":\"p\","
                           "\"_sequence\":2}");
        query_stack_position(stack, "service", "project", 0, 11);
        query_stack_position(stack, "service", "project", 1, 0);
        /* whether the service may be seen, the project's row decides */
        expect_behind("/v1/services/s", "project.0.11");
        expect_behind("/v1/projects/p?include=services", "project.0.11");
        query_stack_position(stack, "project", "project", 0, 11);
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, "/v1/services/s", "project.0.11"),
                         200);
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, "/v1/projects/p?include=services",
                                         "project.0.11"),
                         200);
        expect_behind("/v1/projects/p?include=services", "project.1.1");
}
END_TEST

static void *catch_up(void *data)
{
        clock_wait_us(100 * US_PER_MS);
        query_stack_position(stack, "project", "project", 0, 11);
        return NULL;
}

START_TEST(a_read_waits)
{
        pthread_t thread;

        query_stack_wait_at_most(stack, 60000);
        ck_assert_int_eq(pthread_create(&thread, NULL, catch_up, NULL), 0);
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, "/v1/projects/p", "project.0.11"),
                         200);
        ck_assert_str_eq(query_stack_header(stack, "X-Consistency-Token"),
                         "project.0.11,project.1.20");
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(tokens_that_are_none)
{
        static const char *const bad[] = { "x",
                                           "project.1",
                                           "project.0.1,",
                                           ",",
                                           "project.0.1;project.0.2",
                                           "project.0.9999999999999999999" };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, "/v1/projects", bad[i]), 400);
                ck_assert_str_eq(json_string_value(
                                         json_object_get(query_stack_json(stack), "field")),
                                 "X-Consistency-Token");
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("query_consistency");
        TCase *tcase = tcase_create("query_consistency");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, answers_say_where_the_view_is);
        tcase_add_test(tcase, tokens_that_are_reached);
        tcase_add_test(tcase, tokens_that_are_not);
        tcase_add_test(tcase, all_views_that_are_read_must_be_there);
        tcase_add_test(tcase, a_read_waits);
        tcase_add_test(tcase, tokens_that_are_none);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
