#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/http/http_target.h"

static HttpTarget target;

static void setup(void)
{
        target = HTTP_TARGET_INIT;
}

static void teardown(void)
{
        http_target_deinit(&target);
}

static ErrorCode parse(const char *text)
{
        http_target_deinit(&target);
        return http_target_parse(&target, text, NULL);
}

static void expect_segments(const char *text, size_t n, const char *const *expected)
{
        ck_assert_int_eq(parse(text), ERROR_NONE);
        ck_assert_uint_eq(target.n_segments, n);
        for (size_t i = 0; i < n; i++)
                ck_assert_str_eq(target.segments[i], expected[i]);
}

START_TEST(a_path_is_split_then_decoded)
{
        expect_segments("/", 1, (const char *[]){ "" });
        expect_segments("/a", 1, (const char *[]){ "a" });
        expect_segments("/a/", 2, (const char *[]){ "a", "" });
        expect_segments("//a", 2, (const char *[]){ "", "a" });
        expect_segments("/v1/x/a%2Fb%20c+d", 3, (const char *[]){ "v1", "x", "a/b c+d" });
        expect_segments("/%e2%82%AC?/x", 1, (const char *[]){ "\xe2\x82\xac" });
        expect_segments("*", 1, (const char *[]){ "*" });
        expect_segments("", 1, (const char *[]){ "" });
}
END_TEST

START_TEST(the_absolute_form_names_a_host_first)
{
        expect_segments("http://host:80/a/b?x", 2, (const char *[]){ "a", "b" });
        ck_assert_uint_eq(target.n_query, 1);
        expect_segments("HTTPS://host", 1, (const char *[]){ "" });
        expect_segments("http://host?x=1", 1, (const char *[]){ "" });
        ck_assert_str_eq(target.query[0].value, "1");
}
END_TEST

START_TEST(query_parameters_keep_their_order)
{
        ck_assert_int_eq(parse("/?a=1&b&&c==%3D&a=x+y%2B&=v&d="), ERROR_NONE);
        ck_assert_uint_eq(target.n_query, 6);
        ck_assert_str_eq(target.query[0].value, "1");
        ck_assert_str_eq(target.query[1].name, "b");
        ck_assert_str_eq(target.query[1].value, "");
        ck_assert_str_eq(target.query[2].value, "==");
        ck_assert_str_eq(target.query[3].name, "a");
        ck_assert_str_eq(target.query[3].value, "x y+");
        ck_assert_str_eq(target.query[4].name, "");
        ck_assert_str_eq(target.query[4].value, "v");
        ck_assert_str_eq(target.query[5].value, "");
}
END_TEST

START_TEST(as_many_parameters_as_allowed)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        buffer_append_string(&text, "/?");
        for (int i = 0; i < HTTP_QUERY_PARAMS_MAX; i++)
                buffer_append_string(&text, "a&");
        ck_assert_int_eq(parse(text.data), ERROR_NONE);
        ck_assert_uint_eq(target.n_query, HTTP_QUERY_PARAMS_MAX);
        buffer_append_string(&text, "b");
        ck_assert_int_eq(parse(text.data), ERROR_MALFORMED);
}
END_TEST

START_TEST(long_paths_end_somewhere)
{
        char text[4096];

        memset(text, '/', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        ck_assert_int_eq(parse(text), ERROR_NONE);
        ck_assert_uint_eq(target.n_segments, HTTP_PATH_SEGMENTS_MAX + 1);
}
END_TEST

START_TEST(what_cannot_be_decoded_is_malformed)
{
        static const char *const wrong[] = {
                "/%",     "/%1",      "/%g1", "/%00",   "/a?%00=1",
                "/a?b=%", "/a?b=%00", "/%ff", "/a?%ff", "/\xff",
        };

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
                ck_assert_msg(parse(wrong[i]) == ERROR_MALFORMED, "%s", wrong[i]);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("http_target");
        TCase *tcase = tcase_create("http_target");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_path_is_split_then_decoded);
        tcase_add_test(tcase, the_absolute_form_names_a_host_first);
        tcase_add_test(tcase, query_parameters_keep_their_order);
        tcase_add_test(tcase, as_many_parameters_as_allowed);
        tcase_add_test(tcase, long_paths_end_somewhere);
        tcase_add_test(tcase, what_cannot_be_decoded_is_malformed);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
