/*
 * test_access.c — who sees which rows: rules, followed models, embedded rows, histories.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "query_stack.h"

static QueryStack *stack;

static void insert_project(const char *id, const char *owner)
{
        query_stack_insert(
                stack, "project",
                "{\"id\":\"%s\",\"name\":\"x\",\"owner\":%s,\"_aggregate\":\"%s\",\"_sequence\":1}",
                id, owner, id);
        query_stack_insert(
                stack, "service",
                "{\"id\":\"s-%s\",\"projectId\":\"%s\",\"name\":\"y\",\"_aggregate\":\"%s\","
                "\"_sequence\":1}",
                id, id, id);
}

static void insert_twin(const char *id, const char *aggregate, const char *name)
{
        query_stack_insert(stack, "service",
                           "{\"id\":\"%s\",\"projectId\":\"%s\",\"name\":\"%s\","
                           "\"_aggregate\":\"%s\",\"_sequence\":1}",
                           id, aggregate, name, aggregate);
}

static void set_up(void)
{
        stack = query_stack_new();
        insert_project("a", "\"alice\"");
        insert_project("b", "\"bob\"");
        insert_project("empty", "\"\"");
        insert_project("none", "null");
        query_stack_insert(stack, "service",
                           "{\"id\":\"s-lost\",\"projectId\":\"lost\",\"name\":\"y\","
                           "\"_aggregate\":\"l\",\"_sequence\":1}");
        query_stack_insert(stack, "note",
                           "{\"id\":\"n1\",\"projectId\":\"a\",\"editors\":[\"bob\",\"alice\"],"
                           "\"_aggregate\":\"n1\",\"_sequence\":1}");
        query_stack_insert(stack, "note",
                           "{\"id\":\"n2\",\"projectId\":\"a\",\"editors\":[\"carol\",null],"
                           "\"_aggregate\":\"n2\",\"_sequence\":1}");
        query_stack_insert(
                stack, "note",
                "{\"id\":\"n3\",\"projectId\":\"a\",\"_aggregate\":\"n3\",\"_sequence\":1}");
        query_stack_insert(stack, "reading",
                           "{\"id\":\"r\",\"source\":\"x\",\"_aggregate\":\"r\",\"_sequence\":1}");
        query_stack_insert(stack, "secret", "{\"id\":\"x\",\"_aggregate\":\"x\",\"_sequence\":1}");
}

static void tear_down(void)
{
        query_stack_free(stack);
}

/* Who sees which ids in a list; every one of them, and no other, can be read alone too. */
static const struct {
        QueryUser user;
        const char *path, *ids;
} lists[] = {
        { QUERY_ALICE, "projects", "a" },
        { QUERY_BOB, "projects", "b" },
        { QUERY_DEVELOPER, "projects", "a b empty none" },
        { QUERY_ADMIN, "projects", "a b empty none" },
        { QUERY_API_KEY, "projects", "" },
        { QUERY_ALICE, "services", "s-a" },
        { QUERY_BOB, "services", "s-b" },
        { QUERY_DEVELOPER, "services", "s-a s-b s-empty s-lost s-none" },
        { QUERY_ADMIN, "services", "s-a s-b s-empty s-lost s-none" },
        { QUERY_API_KEY, "services", "" },
        { QUERY_ALICE, "notes", "n1" },
        { QUERY_BOB, "notes", "n1" },
        { QUERY_ADMIN, "notes", "" },
        { QUERY_API_KEY, "notes", "" },
        { QUERY_ALICE, "readings", "r" },
        { QUERY_ADMIN, "readings", "r" },
        { QUERY_API_KEY, "readings", "r" },
        { QUERY_ADMIN, "secrets", "" },
        { QUERY_ALICE, "secrets", "" },
};

static const char *const ids[] = { "a",       "b",      "empty",  "none", "s-a",  "s-b",
                                   "s-empty", "s-none", "s-lost", "n1",   "n2",   "n3",
                                   "r",       "x",      "near",   "far",  "cross" };

static bool is_listed(const char *list, const char *id)
{
        size_t size = strlen(id);

        for (const char *p = list; (p = strstr(p, id)); p += size)
                if ((p == list || p[-1] == ' ') && (!p[size] || p[size] == ' '))
                        return true;
        return false;
}

static void check_list(QueryUser user, const char *path, const char *expected)
{
        _cleanup_(buffer_deinit) Buffer seen = BUFFER_INIT, target = BUFFER_INIT;
        const json_t *item;
        size_t i;

        buffer_printf(&target, "/v1/%s", path);
        ck_assert_int_eq(query_stack_get(stack, user, target.data, NULL), 200);
        json_array_foreach(json_object_get(query_stack_json(stack), "items"), i, item)
                buffer_printf(&seen, "%s%s", i ? " " : "",
                              json_string_value(json_object_get(item, "id")));
        ck_assert_str_eq(buffer_text(&seen), expected);
        for (i = 0; i < ARRAY_SIZE(ids); i++) {
                buffer_clear(&target);
                buffer_printf(&target, "/v1/%s/%s", path, ids[i]);
                ck_assert_int_eq(query_stack_get(stack, user, target.data, NULL),
                                 is_listed(expected, ids[i]) ? 200 : 404);
        }
}

START_TEST(lists_and_rows_agree)
{
        for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
                check_list(lists[i].user, lists[i].path, lists[i].ids);
}
END_TEST

START_TEST(embedded_rows_follow_their_own_rules)
{
        query_stack_expect(
                stack, QUERY_ALICE, "/v1/projects/a?fields=id&include=notes",
                "{\"id\":\"a\",\"notes\":{\"items\":[{\"id\":\"n1\",\"projectId\":\"a\",\"text\":null,"
                "\"editors\":[\"bob\",\"alice\"]}],\"nextCursor\":null}}");
        query_stack_expect(stack, QUERY_ADMIN, "/v1/projects/a?fields=id&include=notes",
                           "{\"id\":\"a\",\"notes\":{\"items\":[],\"nextCursor\":null}}");
        query_stack_expect(stack, QUERY_ADMIN, "/v1/services/s-lost?fields=id&include=project",
                           "{\"id\":\"s-lost\",\"project\":null}");
}
END_TEST

START_TEST(filters_do_not_widen)
{
        query_stack_expect(stack, QUERY_BOB, "/v1/projects?owner=alice",
                           "{\"items\":[],\"nextCursor\":null}");
        query_stack_expect(
                stack, QUERY_BOB,
                "/v1/projects?fields=id&filter={%22or%22:[{%22owner%22:{%22ne%22:%22x%22}},"
                "{%22id%22:{%22eq%22:%22a%22}}]}",
                "{\"items\":[{\"id\":\"b\"}],\"nextCursor\":null}");
}
END_TEST

/*
 * Rows of several aggregates with one id. Everybody gets their own; who sees several gets the one of the
 * aggregate called so itself, else the first by aggregate, and all of them in the list, page by page.
 */
START_TEST(an_id_that_several_aggregates_use)
{
        _cleanup_(buffer_deinit) Buffer target = BUFFER_INIT;

        insert_twin("t", "b", "of b");
        insert_twin("t", "a", "of a");
        insert_twin("c", "b", "of b");
        insert_twin("c", "c", "own");
        query_stack_expect(stack, QUERY_ALICE, "/v1/services/t?fields=name", "{\"name\":\"of a\"}");
        query_stack_expect(stack, QUERY_BOB, "/v1/services/t?fields=name", "{\"name\":\"of b\"}");
        query_stack_expect(stack, QUERY_ADMIN, "/v1/services/t?fields=name", "{\"name\":\"of a\"}");
        query_stack_expect(stack, QUERY_ADMIN, "/v1/services/c?fields=name", "{\"name\":\"own\"}");
        query_stack_expect(
                stack, QUERY_ADMIN, "/v1/services?id=t&fields=name&sort=id:desc",
                "{\"items\":[{\"name\":\"of b\"},{\"name\":\"of a\"}],\"nextCursor\":null}");
        query_stack_expect(stack, QUERY_ALICE, "/v1/services?id=t&fields=name",
                           "{\"items\":[{\"name\":\"of a\"}],\"nextCursor\":null}");

        ck_assert_int_eq(query_stack_get(stack, QUERY_ADMIN,
                                         "/v1/services?id=t&fields=name&limit=1", NULL),
                         200);
        buffer_printf(&target, "/v1/services?id=t&fields=name&limit=1&cursor=%s",
                      json_string_value(json_object_get(query_stack_json(stack), "nextCursor")));
        query_stack_expect(stack, QUERY_ADMIN, target.data,
                           "{\"items\":[{\"name\":\"of b\"}],\"nextCursor\":null}");
        query_stack_expect(
                stack, QUERY_ADMIN, "/v1/services/t?fields=id&include=project",
                "{\"id\":\"t\",\"project\":{\"id\":\"a\",\"name\":\"x\",\"description\":null,"
                "\"status\":null,\"createdAt\":null,\"owner\":\"alice\"}}");
}
END_TEST

/* Bob makes rows with the ids that Alice's rows refer to: he sees no more than before, nor does she less
 * where her project is an aggregate of its own. */
START_TEST(nobody_sees_more_by_using_an_id)
{
        static const char note[] =
                "{\"id\":\"%s\",\"name\":\"bait\",\"owner\":\"bob\",\"_aggregate\":\"b\",\"_sequence\":1}";

        /* alice's, whose project is a part of another aggregate */
        query_stack_insert(
                stack, "project",
                "{\"id\":\"part\",\"name\":\"x\",\"owner\":\"alice\",\"_aggregate\":\"a\","
                "\"_sequence\":1}");
        query_stack_insert(
                stack, "service",
                "{\"id\":\"far\",\"projectId\":\"part\",\"name\":\"y\",\"_aggregate\":\"f\","
                "\"_sequence\":1}");
        query_stack_insert(
                stack, "service",
                "{\"id\":\"near\",\"projectId\":\"part\",\"name\":\"y\",\"_aggregate\":\"a\","
                "\"_sequence\":1}");
        query_stack_insert(
                stack, "service",
                "{\"id\":\"cross\",\"projectId\":\"a\",\"name\":\"y\",\"_aggregate\":\"f\","
                "\"_sequence\":1}");
        check_list(QUERY_ALICE, "services", "cross far near s-a");

        query_stack_insert(stack, "project", note, "part");
        query_stack_insert(stack, "project", note, "a");
        check_list(QUERY_BOB, "services", "s-b");
        check_list(QUERY_ALICE, "services", "cross near s-a");
        query_stack_expect(stack, QUERY_ADMIN, "/v1/services/cross?fields=id&include=project",
                           "{\"id\":\"cross\",\"project\":{\"id\":\"a\",\"name\":\"x\","
                           "\"description\":null,\"status\":null,\"createdAt\":null,"
                           "\"owner\":\"alice\"}}");
        query_stack_expect(stack, QUERY_ADMIN, "/v1/projects/a?fields=name", "{\"name\":\"x\"}");
        query_stack_expect(stack, QUERY_BOB, "/v1/projects/a?fields=name", "{\"name\":\"bait\"}");
        query_stack_expect_problem(stack, QUERY_BOB, "/v1/history/project/a", 404, "");
}
END_TEST

START_TEST(credentials_are_needed)
{
        query_stack_expect_problem(stack, QUERY_NOBODY, "/v1/readings", 401, "");
        query_stack_expect_problem(stack, QUERY_NOBODY, "/v1/projects/a", 401, "");
        query_stack_expect_problem(stack, QUERY_NOBODY, "/v1/history/project/a", 401, "");
}
END_TEST

START_TEST(a_history_is_for_those_who_see_the_row)
{
        query_stack_expect_problem(stack, QUERY_BOB, "/v1/history/project/a", 404, "");
        query_stack_expect_problem(stack, QUERY_API_KEY, "/v1/history/project/a", 404, "");
        query_stack_expect_problem(stack, QUERY_ALICE, "/v1/history/nothing/a", 404, "");
        query_stack_expect_problem(stack, QUERY_ALICE, "/v1/history/project/a?x=1", 400, "x");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("query_access");
        TCase *tcase = tcase_create("query_access");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, lists_and_rows_agree);
        tcase_add_test(tcase, embedded_rows_follow_their_own_rules);
        tcase_add_test(tcase, filters_do_not_widen);
        tcase_add_test(tcase, an_id_that_several_aggregates_use);
        tcase_add_test(tcase, nobody_sees_more_by_using_an_id);
        tcase_add_test(tcase, credentials_are_needed);
        tcase_add_test(tcase, a_history_is_for_those_who_see_the_row);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
