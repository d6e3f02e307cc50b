/*
 * test_paging.c — pages of a list put together are the list: nothing lost, nothing doubled, over ties,
 * nulls, both directions and rows that come and go meanwhile.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query_stack.h"

static QueryStack *stack;

/* 108 rows: every combination of n, value and good, null included, three times. */
static void set_up(void)
{
        stack = query_stack_new();
        query_stack_sql(
                stack,
                "INSERT INTO view_reading_1.reading (id, source, n, value, good, at, day, stamp, status, "
                "\"_aggregate\", \"_sequence\") "
                "SELECT 'r' || row_number() OVER (ORDER BY md5(n::text || v::text || g::text || k::text)), "
                "'s' || k % 2, nullif(n, 0), nullif(v, 0) + 0.1, CASE g WHEN 1 THEN true WHEN 2 THEN false "
                "END, CASE WHEN k > 0 THEN timestamptz '2026-01-01' + n * interval '0.000001 s' END, "
                "date '2026-01-01' + v, n * 10, CASE WHEN g > 0 THEN 'ACTIVE' END, 'a', 1 "
                "FROM generate_series(0, 3) n, generate_series(0, 2) v, generate_series(0, 2) g, "
                "generate_series(0, 2) k");
}

static void tear_down(void)
{
        query_stack_free(stack);
}

static void append_ids(Buffer *ids)
{
        const json_t *item;
        size_t i;

        json_array_foreach(json_object_get(query_stack_json(stack), "items"), i, item)
                buffer_printf(ids, "%s ", json_string_value(json_object_get(item, "id")));
}

/* All pages of @query with @limit; each but the last is full. */
static void collect(const char *query, size_t limit, Buffer *ids)
{
        _cleanup_(freep) char *cursor = NULL;

        for (int page = 0; page < 200; page++) {
                _cleanup_(buffer_deinit) Buffer target = BUFFER_INIT;
                const json_t *next;
                size_t n;

                buffer_printf(&target, "/v1/readings?fields=id&limit=%zu&%s", limit, query);
                if (cursor)
                        buffer_printf(&target, "&cursor=%s", cursor);
                ck_assert_msg(query_stack_get(stack, QUERY_ALICE, target.data, NULL) == 200,
                              "%s: %s", target.data, query_stack_body(stack));
                append_ids(ids);
                n = json_array_size(json_object_get(query_stack_json(stack), "items"));
                next = json_object_get(query_stack_json(stack), "nextCursor");
                if (json_is_null(next)) {
                        ck_assert_uint_le(n, limit);
                        ck_assert(n > 0 || page == 0);
                        return;
                }
                ck_assert_uint_eq(n, limit);
                free(cursor);
                cursor = strdup(json_string_value(next));
        }
        ck_abort_msg("%s: the pages have no end", query);
}

/* A sort, and the same in SQL. */
static const struct {
        const char *query, *where, *order;
} lists[] = {
        { "", "true", "id" },
        { "sort=id:desc", "true", "id DESC" },
        { "sort=n", "true", "n, id" },
        { "sort=n:desc", "true", "n DESC, id DESC" },
        { "sort=n,id:desc", "true", "n, id DESC" },
        { "sort=value:desc,n", "true", "value DESC, n, id" },
        { "sort=good,value:desc,n:desc", "true", "good, value DESC, n DESC, id DESC" },
        { "sort=at,day:desc", "true", "at, day DESC, id DESC" },
        { "sort=at:desc,stamp", "true", "at DESC, stamp, id" },
        { "sort=status,good:desc,n,value", "true", "status, good DESC, n, value, id" },
        { "sort=source,stamp,day", "true", "source, stamp, day, id" },
        { "source=s1&sort=n", "source = 's1'", "n, id" },
        { "good=true&n=2&sort=value:desc", "good AND n = 2", "value DESC, id DESC" },
        { "filter={%22n%22:{%22attributeExists%22:false}}&sort=n,good", "n IS NULL",
          "n, good, id" },
        { "n=7", "n = 7", "id" },
};

static void check_list(const char *query, const char *where, const char *order)
{
        static const size_t limits[] = { 1, 2, 7, 54, 107, 108, 109, 1000 };
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT, expected = BUFFER_INIT;

        buffer_printf(&sql,
                      "SELECT string_agg(id || ' ', '' ORDER BY %s) FROM view_reading_1.reading "
                      "WHERE %s",
                      order, where);
        query_stack_text(stack, sql.data, &expected);
        for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
                _cleanup_(buffer_deinit) Buffer seen = BUFFER_INIT;

                collect(query, limits[i], &seen);
                ck_assert_msg(strcmp(buffer_text(&seen), buffer_text(&expected)) == 0,
                              "%s, limit %zu:\n%s\n%s", query, limits[i], buffer_text(&seen),
                              buffer_text(&expected));
        }
}

START_TEST(pages_make_up_the_list)
{
        for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
                check_list(lists[i].query, lists[i].where, lists[i].order);
}
END_TEST

/* Three aggregates use each id. */
START_TEST(an_id_is_no_end_of_the_order)
{
        query_stack_sql(stack,
                        "UPDATE view_reading_1.reading SET id = 'r' || substr(id, 2)::int / 3, "
                        "\"_aggregate\" = 'a' || substr(id, 2)::int % 3");
        for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
                check_list(lists[i].query, lists[i].where, lists[i].order);
}
END_TEST

static void take_cursor(const char *target, Buffer *ret)
{
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, target, NULL), 200);
        buffer_clear(ret);
        buffer_append_string(ret, json_string_value(
                                          json_object_get(query_stack_json(stack), "nextCursor")));
}

START_TEST(rows_come_and_go_between_pages)
{
        _cleanup_(buffer_deinit) Buffer cursor = BUFFER_INIT, target = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer ids = BUFFER_INIT;

        take_cursor("/v1/readings?fields=id&source=s1&sort=stamp,id&limit=5", &cursor);
        append_ids(&ids);
        /* the row that the cursor stands on goes, one comes before it and one behind */
        query_stack_sql(stack,
                        "DELETE FROM view_reading_1.reading WHERE id = (SELECT id FROM "
                        "view_reading_1.reading WHERE source = 's1' ORDER BY stamp, id OFFSET 4 "
                        "LIMIT 1); INSERT INTO view_reading_1.reading (id, source, stamp, "
                        "\"_aggregate\", \"_sequence\") VALUES ('before', 's1', -1, 'a', 1), "
                        "('behind', 's1', 99, 'a', 1)");
        buffer_printf(&target,
                      "/v1/readings?fields=id&source=s1&sort=stamp,id&limit=1000&cursor=%s",
                      cursor.data);
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, target.data, NULL), 200);
        append_ids(&ids);
        ck_assert_ptr_null(strstr(buffer_text(&ids), "before "));
        ck_assert_ptr_nonnull(strstr(buffer_text(&ids), "behind "));
        ck_assert_uint_eq(json_array_size(json_object_get(query_stack_json(stack), "items")),
                          36 - 5 + 1);
}
END_TEST

START_TEST(a_cursor_belongs_to_its_list)
{
        static const char *const others[] = {
                "/v1/readings?cursor=",
                "/v1/readings?sort=n:desc&source=s1&cursor=",
                "/v1/readings?sort=n&source=s0&cursor=",
                "/v1/readings?sort=n&source=s1&good=true&cursor=",
                "/v1/readings?sort=n&filter={%22source%22:{%22ge%22:%22s1%22}}&cursor=",
                "/v1/projects?cursor=",
        };
        _cleanup_(buffer_deinit) Buffer cursor = BUFFER_INIT, target = BUFFER_INIT;

        take_cursor("/v1/readings?sort=n&source=s1&limit=3", &cursor);
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                buffer_clear(&target);
                buffer_printf(&target, "%s%s", others[i], cursor.data);
                query_stack_expect_problem(stack, QUERY_ALICE, target.data, 400, "cursor");
        }
        /* what does not change the list may change: fields, relations, the size of a page, the asker */
        buffer_clear(&target);
        buffer_printf(&target, "/v1/readings?sort=n&source=s1&fields=n&limit=2&cursor=%s",
                      cursor.data);
        ck_assert_int_eq(query_stack_get(stack, QUERY_API_KEY, target.data, NULL), 200);
        /* written otherwise, the same filter is the same list */
        take_cursor("/v1/readings?sort=n&filter={%22source%22:{%22eq%22:%22s1%22}}&limit=3",
                    &cursor);
        buffer_clear(&target);
        buffer_printf(&target, "/v1/readings?source=s1&sort=n:asc&cursor=%s", cursor.data);
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE, target.data, NULL), 200);
}
END_TEST

START_TEST(a_cursor_that_was_changed)
{
        _cleanup_(buffer_deinit) Buffer cursor = BUFFER_INIT;

        take_cursor("/v1/readings?sort=n&limit=3", &cursor);
        for (size_t i = 0; i < cursor.size; i++) {
                _cleanup_(buffer_deinit) Buffer target = BUFFER_INIT;
                int status;

                buffer_printf(&target, "/v1/readings?sort=n&cursor=%s", cursor.data);
                target.data[target.size - 1 - i] ^= 1;
                status = query_stack_get(stack, QUERY_ALICE, target.data, NULL);
                ck_assert_msg(status == 200 || status == 400, "%s: %d %s", target.data, status,
                              query_stack_body(stack));
        }
}
END_TEST

START_TEST(values_too_long_to_go_on_from)
{
        query_stack_sql(stack,
                        "INSERT INTO view_project_1.project (id, name, description, owner, "
                        "\"_aggregate\", \"_sequence\") SELECT 'p' || n, 'x', repeat('x', 8000), "
                        "'alice', 'a', 1 FROM generate_series(1, 3) n");
        query_stack_expect_problem(stack, QUERY_ALICE, "/v1/projects?sort=description&limit=2", 413,
                                   "sort");
        ck_assert_int_eq(query_stack_get(stack, QUERY_ALICE,
                                         "/v1/projects?sort=description&limit=3", NULL),
                         200);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("query_paging");
        TCase *tcase = tcase_create("query_paging");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, pages_make_up_the_list);
        tcase_add_test(tcase, an_id_is_no_end_of_the_order);
        tcase_add_test(tcase, rows_come_and_go_between_pages);
        tcase_add_test(tcase, a_cursor_belongs_to_its_list);
        tcase_add_test(tcase, a_cursor_that_was_changed);
        tcase_add_test(tcase, values_too_long_to_go_on_from);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
