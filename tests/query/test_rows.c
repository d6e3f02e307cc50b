/*
 * test_rows.c — rows as JSON: every type, relations, chosen fields, and what is refused.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "query_stack.h"

static QueryStack *stack;

/* A fixture of each test, as a fork must not share sockets with its parent. */
static void set_up(void)
{
        stack = query_stack_new();
        query_stack_insert(
                stack, "project",
                "{\"id\":\"p1\",\"name\":\"gr\\u00f6\\u00dfe \\\"x\\\"\",\"status\":\"ACTIVE\","
                "\"createdAt\":\"2026-01-31T12:00:00.1+02:00\",\"owner\":\"alice\","
                "\"_aggregate\":\"p1\",\"_sequence\":1}");
        for (int i = 1; i <= 4; i++)
                query_stack_insert(stack, "service",
                                   "{\"id\":\"s%d\",\"projectId\":\"p1\",\"name\":\"n\","
                                   "\"configuration\":{\"b\": 1.50,  \"a\":[1e2]},"
                                   "\"_aggregate\":\"p1\",\"_sequence\":2}",
                                   i);
        query_stack_insert(
                stack, "service",
                "{\"id\":\"s9\",\"projectId\":\"gone\",\"name\":\"n\",\"_aggregate\":\"x\","
                "\"_sequence\":2}");
        query_stack_insert(
                stack, "reading",
                "{\"id\":\"r1\",\"source\":\"s\",\"n\":-5,\"value\":0.1,\"good\":true,"
                "\"at\":\"2026-01-01T00:00:00Z\",\"day\":\"2024-02-29\","
                "\"stamp\":9007199254740993,\"raw\":[1.0, {\"z\":1}],\"status\":\"ARCHIVED\","
                "\"tags\":[\"a\",null,\"b\\\"\"],\"times\":[\"2026-01-01T01:00:00+01:00\","
                "null],\"_aggregate\":\"r1\",\"_sequence\":1}");
        query_stack_insert(
                stack, "reading",
                "{\"id\":\"a/b c\",\"source\":\"s\",\"tags\":[],\"times\":[],\"value\":1e300,"
                "\"_aggregate\":\"r2\",\"_sequence\":1}");
}

static void tear_down(void)
{
        query_stack_free(stack);
}

#define PROJECT                                                                                    \
        "\"id\":\"p1\",\"name\":\"größe \\\"x\\\"\",\"description\":null,\"status\":\"ACTIVE\"," \
        "\"createdAt\":\"2026-01-31T10:00:00.100000Z\",\"owner\":\"alice\""
#define SERVICE(id)                                                                 \
        "{\"id\":\"" id "\",\"projectId\":\"p1\",\"name\":\"n\",\"configuration\":" \
        "{\"b\": 1.50,  \"a\":[1e2]}}"

START_TEST(every_type_as_json)
{
        query_stack_expect(
                stack, QUERY_ALICE, "/v1/readings/r1",
                "{\"id\":\"r1\",\"source\":\"s\",\"n\":-5,\"value\":0.1,\"good\":true,"
                "\"at\":\"2026-01-01T00:00:00.000000Z\",\"day\":\"2024-02-29\","
                "\"stamp\":9007199254740993,\"raw\":[1.0, {\"z\":1}],\"status\":\"ARCHIVED\","
                "\"tags\":[\"a\",null,\"b\\\"\"],\"times\":[\"2026-01-01T00:00:00.000000Z\",null]}");
        query_stack_expect(
                stack, QUERY_ALICE, "/v1/readings/a%2Fb%20c",
                "{\"id\":\"a/b c\",\"source\":\"s\",\"n\":null,\"value\":1e+300,\"good\":null,"
                "\"at\":null,\"day\":null,\"stamp\":null,\"raw\":null,\"status\":null,"
                "\"tags\":[],\"times\":[]}");
        query_stack_expect(stack, QUERY_ALICE, "/v1/projects/p1", "{" PROJECT "}");
}
END_TEST

START_TEST(lists_and_chosen_fields)
{
        query_stack_expect(stack, QUERY_ALICE, "/v1/projects",
                           "{\"items\":[{" PROJECT "}],\"nextCursor\":null}");
        query_stack_expect(stack, QUERY_ALICE, "/v1/readings?fields=n,id&sort=n",
                           "{\"items\":[{\"n\":-5,\"id\":\"r1\"},{\"n\":null,\"id\":\"a/b c\"}],"
                           "\"nextCursor\":null}");
        query_stack_expect(stack, QUERY_ALICE, "/v1/projects/p1?fields=name",
                           "{\"name\":\"größe \\\"x\\\"\"}");
        query_stack_expect(stack, QUERY_ALICE, "/v1/notes", "{\"items\":[],\"nextCursor\":null}");
}
END_TEST

START_TEST(relations_are_embedded)
{
        _cleanup_(buffer_deinit) Buffer target = BUFFER_INIT, body = BUFFER_INIT;
        const char *cursor;

        /* ordered by id, not more than include_rows_max of them, and where to go on */
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE,
                                         "/v1/projects/p1?include=services,notes&fields=id", NULL),
                         200);
        cursor = json_string_value(
                json_object_get(json_object_get(query_stack_json(stack), "services"),
                                "nextCursor"));
        ck_assert_ptr_nonnull(cursor);
        buffer_printf(&target, "/v1/services?projectId=p1&limit=1&cursor=%s", cursor);
        buffer_printf(&body,
                      "{\"id\":\"p1\",\"services\":{\"items\":[%s,%s,%s],\"nextCursor\":\"%s\"},"
                      "\"notes\":{\"items\":[],\"nextCursor\":null}}",
                      SERVICE("s1"), SERVICE("s2"), SERVICE("s3"), cursor);
        ck_assert_str_eq(query_stack_body(stack), body.data);
        query_stack_expect(stack, QUERY_ALICE, target.data,
                           "{\"items\":[" SERVICE("s4") "],\"nextCursor\":null}");
        query_stack_sql(stack, "DELETE FROM view_service_1.service WHERE id = 's4'");
        query_stack_expect(stack, QUERY_ALICE, "/v1/projects/p1?include=services&fields=id",
                           "{\"id\":\"p1\",\"services\":{\"items\":[" SERVICE("s1") "," SERVICE(
                                   "s2") "," SERVICE("s3") "],\"nextCursor\":null}}");
        query_stack_expect(stack, QUERY_ALICE, "/v1/services?include=project&fields=id&id=s1",
                           "{\"items\":[{\"id\":\"s1\",\"project\":{" PROJECT
                           "}}],\"nextCursor\":null}");
        query_stack_expect(stack, QUERY_ADMIN, "/v1/services/s9?include=project&fields=id",
                           "{\"id\":\"s9\",\"project\":null}");
}
END_TEST

static const struct {
        const char *target;
        int status;
        const char *field;
} refused[] = {
        { "/v1/nothing", 404, "" },
        { "/v1/project", 404, "" },
        { "/v1/projects/nobody", 404, "" },
        { "/v1/projects?limit=0", 400, "limit" },
        { "/v1/projects?limit=1001", 400, "limit" },
        { "/v1/projects?limit=99999999999999999999999", 400, "limit" },
        { "/v1/projects?limit=", 400, "limit" },
        { "/v1/projects?limit=%201", 400, "limit" },
        { "/v1/projects?limit=-1", 400, "limit" },
        { "/v1/projects?limit=1&limit=2", 400, "limit" },
        { "/v1/projects?title=x", 400, "title" },
        { "/v1/projects?_aggregate=x", 400, "_aggregate" },
        { "/v1/projects?services=x", 400, "services" },
        { "/v1/projects?status=ACTIVE&status=ACTIVE", 400, "status" },
        { "/v1/projects?status=active", 400, "status" },
        { "/v1/projects?createdAt=yesterday", 400, "createdAt" },
        { "/v1/readings?n=1.5", 400, "n" },
        { "/v1/readings?n=", 400, "n" },
        { "/v1/readings?value=NaN", 400, "value" },
        { "/v1/readings?good=yes", 400, "good" },
        { "/v1/readings?day=2023-02-29", 400, "day" },
        { "/v1/readings?raw={", 400, "raw" },
        { "/v1/readings?tags=a", 400, "tags" },
        { "/v1/projects?sort=title", 400, "sort" },
        { "/v1/projects?sort=name:up", 400, "sort" },
        { "/v1/projects?sort=name,name", 400, "sort" },
        { "/v1/projects?sort=", 400, "sort" },
        { "/v1/readings?sort=raw", 400, "sort" },
        { "/v1/projects?fields=", 400, "fields" },
        { "/v1/projects?fields=name,name", 400, "fields" },
        { "/v1/projects?fields=services", 400, "fields" },
        { "/v1/projects?fields=_sequence", 400, "fields" },
        { "/v1/projects?include=", 400, "include" },
        { "/v1/projects?include=name", 400, "include" },
        { "/v1/projects?include=services,services", 400, "include" },
        { "/v1/projects?filter=", 400, "filter" },
        { "/v1/projects?filter={%22x%22:{%22eq%22:1}}", 400, "filter.x" },
        { "/v1/projects?cursor=", 400, "cursor" },
        { "/v1/projects?cursor=nonsense", 400, "cursor" },
        { "/v1/projects?after=", 400, "after" },
        { "/v1/projects?after=project.1", 400, "after" },
        { "/v1/projects/p1?limit=1", 400, "limit" },
        { "/v1/projects/p1?name=x", 400, "name" },
        { "/v1/projects/p1?sort=name", 400, "sort" },
        { "/v1/projects/p1?cursor=x", 400, "cursor" },
        { "/v1/projects/p1?filter={}", 400, "filter" },
};

START_TEST(bad_parameters_are_named)
{
        for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
                query_stack_expect_problem(stack, QUERY_ADMIN, refused[i].target, refused[i].status,
                                           refused[i].field);
}
END_TEST

START_TEST(a_view_that_is_not_built)
{
        query_stack_sql(stack, "DROP VIEW read.note");
        query_stack_expect_problem(stack, QUERY_ALICE, "/v1/notes", 503, "");
        query_stack_expect_problem(stack, QUERY_ALICE, "/v1/notes/n1", 503, "");
        query_stack_expect_problem(stack, QUERY_ALICE, "/v1/projects?include=notes", 503, "");
        query_stack_expect_problem(stack, QUERY_ALICE, "/v1/history/note/n1", 503, "");
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, "/v1/projects", NULL), 200);
        /* built again, with another column: statements that were prepared find it */
        query_stack_sql(stack,
                        "CREATE VIEW read.note AS SELECT *, 1 AS more FROM view_note_1.note; "
                        "GRANT SELECT ON read.note TO skafu_query");
        query_stack_expect(stack, QUERY_ALICE, "/v1/notes", "{\"items\":[],\"nextCursor\":null}");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("query_rows");
        TCase *tcase = tcase_create("query_rows");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, every_type_as_json);
        tcase_add_test(tcase, lists_and_chosen_fields);
        tcase_add_test(tcase, relations_are_embedded);
        tcase_add_test(tcase, bad_parameters_are_named);
        tcase_add_test(tcase, a_view_that_is_not_built);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
