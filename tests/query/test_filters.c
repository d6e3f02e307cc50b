/*
 * test_filters.c — Amplify's operators on real rows: null is like nothing, but different from everything.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query_stack.h"

static QueryStack *stack;

static void set_up(void)
{
        static const char *const rows[] = {
                "\"id\":\"a\",\"n\":1,\"value\":0.5,\"good\":true,\"at\":\"2026-01-01T00:00:00Z\","
                "\"day\":\"2026-01-01\",\"stamp\":1,\"raw\":{\"k\":1, \"l\":[]},\"status\":\"ACTIVE\","
                "\"tags\":[\"x\",\"y\"],\"source\":\"alpha\"",
                "\"id\":\"b\",\"n\":2,\"value\":-1,\"good\":false,\"at\":\"2026-01-01T00:00:00.000001Z\","
                "\"day\":\"2026-01-02\",\"stamp\":2,\"raw\":[1],\"status\":\"ARCHIVED\",\"tags\":[],"
                "\"source\":\"alp%\"",
                "\"id\":\"c\",\"source\":\"Beta_\"",
        };

        stack = query_stack_new();
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                query_stack_insert(stack, "reading", "{%s,\"_aggregate\":\"a\",\"_sequence\":1}",
                                   rows[i]);
}

static void tear_down(void)
{
        query_stack_free(stack);
}

/* A filter, and the ids of the rows that it lets through. */
static const struct {
        const char *filter, *ids;
} rows[] = {
        { "{}", "abc" },
        { "{\"n\":{\"eq\":1}}", "a" },
        { "{\"n\":{\"ne\":1}}", "bc" },
        { "{\"n\":{\"eq\":null}}", "c" },
        { "{\"n\":{\"ne\":null}}", "ab" },
        { "{\"n\":{\"gt\":1}}", "b" },
        { "{\"n\":{\"ge\":1,\"lt\":2}}", "a" },
        { "{\"n\":{\"le\":2}}", "ab" },
        { "{\"n\":{\"between\":[1,1]}}", "a" },
        { "{\"n\":{\"in\":[2,3]}}", "b" },
        { "{\"n\":{\"in\":[]}}", "" },
        { "{\"n\":{\"notIn\":[2,3]}}", "ac" },
        { "{\"n\":{\"notIn\":[]}}", "abc" },
        { "{\"n\":{\"in\":[1,null]}}", "a" },
        { "{\"n\":{\"attributeExists\":true}}", "ab" },
        { "{\"n\":{\"attributeExists\":false}}", "c" },
        { "{\"value\":{\"lt\":0.6}}", "ab" },
        { "{\"value\":{\"eq\":5e-1}}", "a" },
        { "{\"good\":{\"eq\":false}}", "b" },
        { "{\"good\":{\"ne\":false}}", "ac" },
        { "{\"at\":{\"eq\":\"2026-01-01T01:00:00+01:00\"}}", "a" },
        { "{\"at\":{\"gt\":\"2026-01-01T00:00:00Z\"}}", "b" },
        { "{\"day\":{\"between\":[\"2026-01-01\",\"2026-01-02\"]}}", "ab" },
        { "{\"stamp\":{\"ge\":2}}", "b" },
        { "{\"status\":{\"eq\":\"ACTIVE\"}}", "a" },
        { "{\"status\":{\"ne\":\"ACTIVE\"}}", "bc" },
        { "{\"status\":{\"in\":[\"ACTIVE\",\"ARCHIVED\"]}}", "ab" },
        { "{\"status\":{\"beginsWith\":\"ACTIVE\"}}", "a" },
        { "{\"source\":{\"beginsWith\":\"alp\"}}", "ab" },
        { "{\"source\":{\"beginsWith\":\"alp%\"}}", "b" },
        { "{\"source\":{\"beginsWith\":\"\"}}", "abc" },
        { "{\"source\":{\"contains\":\"_\"}}", "c" },
        { "{\"source\":{\"contains\":\"A\"}}", "" },
        { "{\"source\":{\"notContains\":\"al\"}}", "c" },
        { "{\"source\":{\"eq\":\"alpha'; DROP TABLE reading; --\"}}", "" },
        { "{\"source\":{\"lt\":\"alpha\"}}", "bc" },
        { "{\"tags\":{\"contains\":\"x\"}}", "a" },
        { "{\"tags\":{\"notContains\":\"x\"}}", "bc" },
        { "{\"tags\":{\"eq\":[\"x\",\"y\"]}}", "a" },
        { "{\"tags\":{\"eq\":[]}}", "b" },
        { "{\"tags\":{\"ne\":[]}}", "ac" },
        { "{\"raw\":{\"eq\":{\"l\":[],\"k\":1.0}}}", "a" },
        { "{\"raw\":{\"eq\":[1]}}", "b" },
        { "{\"raw\":{\"ne\":[1]}}", "ac" },
        { "{\"not\":{\"n\":{\"eq\":1}}}", "bc" },
        { "{\"not\":{\"n\":{\"gt\":0}}}", "c" },
        { "{\"not\":{\"not\":{\"n\":{\"gt\":0}}}}", "ab" },
        { "{\"or\":[{\"n\":{\"eq\":1}},{\"source\":{\"contains\":\"_\"}}]}", "ac" },
        { "{\"or\":[]}", "" },
        { "{\"and\":[{\"n\":{\"gt\":0}},{\"good\":{\"eq\":true}}],\"value\":{\"gt\":0}}", "a" },
        { "{\"and\":[]}", "abc" },
        { "{\"not\":{\"or\":[{\"n\":{\"eq\":1}},{\"n\":{\"eq\":2}}]}}", "c" },
};

static void append_encoded(Buffer *target, const char *text)
{
        for (const char *p = text; *p; p++)
                buffer_printf(target, "%%%02X", (unsigned)(unsigned char)*p);
}

static void check_ids(const char *target, const char *ids)
{
        _cleanup_(buffer_deinit) Buffer seen = BUFFER_INIT;
        const json_t *item;
        size_t i;

        ck_assert_msg(query_stack_get(stack, QUERY_ALICE, target, NULL) == 200, "%s: %s", target,
                      query_stack_body(stack));
        json_array_foreach(json_object_get(query_stack_json(stack), "items"), i, item)
                buffer_append_string(&seen, json_string_value(json_object_get(item, "id")));
        ck_assert_msg(strcmp(buffer_text(&seen), ids) == 0, "%s: \"%s\"", target,
                      buffer_text(&seen));
}

START_TEST(operators_choose_rows)
{
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(buffer_deinit) Buffer target = BUFFER_INIT;

                buffer_append_string(&target, "/v1/readings?filter=");
                append_encoded(&target, rows[i].filter);
                check_ids(target.data, rows[i].ids);
        }
}
END_TEST

START_TEST(parameters_are_equalities)
{
        check_ids("/v1/readings?n=1", "a");
        check_ids("/v1/readings?n=01", "a");
        check_ids("/v1/readings?value=0.50", "a");
        check_ids("/v1/readings?good=false", "b");
        check_ids("/v1/readings?at=2026-01-01T01:00:00%2B01:00", "a");
        check_ids("/v1/readings?day=2026-01-02", "b");
        check_ids("/v1/readings?stamp=2", "b");
        check_ids("/v1/readings?status=ARCHIVED", "b");
        check_ids("/v1/readings?source=alp%25", "b");
        check_ids("/v1/readings?source=", "");
        check_ids("/v1/readings?tags=[%22x%22,%22y%22]", "a");
        check_ids("/v1/readings?raw=[1]", "b");
        check_ids("/v1/readings?n=1&status=ARCHIVED", "");
        check_ids("/v1/readings?n=1&filter={%22n%22:{%22eq%22:1}}", "a");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("query_filters");
        TCase *tcase = tcase_create("query_filters");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, operators_choose_rows);
        tcase_add_test(tcase, parameters_are_equalities);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
