#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/http/http_routes.h"

static void handler(void *app, const HttpRequest *req, HttpResponse *res)
{
}

static const HttpRoute table[] = {
        { "GET", "/", handler, false },      { "GET", "/a/:x", handler, false },
        { "GET", "/a/b", handler, false },   { "GET", "/:any/b", handler, false },
        { "POST", "/a/:y", handler, false }, { "GET", "/a/:x/c/:y", handler, false },
        { NULL, NULL, NULL, false },
};

static const HttpRoute own_table[] = {
        { "GET", "/own", handler, true },
        { NULL, NULL, NULL, false },
};

static HttpRoutes *routes;
static HttpTarget target;
static int app, own;

static void setup(void)
{
        target = HTTP_TARGET_INIT;
        ck_assert_int_eq(http_routes_new(&routes, table, &app, own_table, &own, NULL), ERROR_NONE);
}

static void teardown(void)
{
        http_target_deinit(&target);
        http_routes_free(routes);
}

static const HttpRouteEntry *find(const char *method, const char *text)
{
        http_target_deinit(&target);
        ck_assert_int_eq(http_target_parse(&target, text, NULL), ERROR_NONE);
        return http_routes_find(routes, method, &target);
}

static void expect(const char *method, const char *text, const char *pattern)
{
        const HttpRouteEntry *entry = find(method, text);

        ck_assert_msg(entry, "nothing for %s %s", method, text);
        ck_assert_str_eq(entry->route->pattern, pattern);
}

START_TEST(the_earlier_literal_wins)
{
        expect("GET", "/", "/");
        expect("GET", "/a/b", "/a/b");
        expect("GET", "/a/c", "/a/:x");
        expect("GET", "/c/b", "/:any/b");
        expect("GET", "/a/1/c/2", "/a/:x/c/:y");
        expect("HEAD", "/a/b", "/a/b");
        expect("POST", "/a/b", "/a/:y");
}
END_TEST

START_TEST(what_no_route_has_is_not_found)
{
        ck_assert_ptr_null(find("GET", "/a"));
        ck_assert_ptr_null(find("GET", "/a/"));
        ck_assert_ptr_null(find("GET", "/c/c"));
        ck_assert_ptr_null(find("GET", "/a/b/"));
        ck_assert_ptr_null(find("DELETE", "/a/b"));
        ck_assert_ptr_null(find("get", "/a/b"));
        ck_assert_ptr_null(find("HEAD", "/x/y"));
}
END_TEST

START_TEST(parameters_go_by_name)
{
        const HttpRouteEntry *entry = find("GET", "/a/1/c/2");

        ck_assert_str_eq(http_route_param(entry, &target, "x"), "1");
        ck_assert_str_eq(http_route_param(entry, &target, "y"), "2");
        ck_assert_ptr_null(http_route_param(entry, &target, "xy"));
        ck_assert_ptr_null(http_route_param(entry, &target, ""));
        ck_assert_ptr_null(http_route_param(NULL, &target, "x"));
}
END_TEST

START_TEST(each_table_has_its_own_app)
{
        ck_assert_ptr_eq(find("GET", "/a/b")->app, &app);
        ck_assert_ptr_eq(find("GET", "/own")->app, &own);
}
END_TEST

static void expect_allowed(const char *text, const char *expected)
{
        _cleanup_(buffer_deinit) Buffer methods = BUFFER_INIT;

        (void)find("GET", text);
        ck_assert_int_eq(http_routes_allow(routes, &target, &methods), *expected != '\0');
        ck_assert_str_eq(buffer_text(&methods), expected);
}

START_TEST(a_path_knows_its_methods)
{
        expect_allowed("/a/b", "GET, HEAD, POST, OPTIONS");
        expect_allowed("/c/b", "GET, HEAD, OPTIONS");
        expect_allowed("/nowhere", "");
}
END_TEST

static void expect_bad(const HttpRoute *bad)
{
        HttpRoutes *none = NULL;

        ck_assert_int_eq(http_routes_new(&none, bad, NULL, NULL, NULL, NULL), ERROR_INTERNAL);
        ck_assert_ptr_null(none);
}

START_TEST(bad_tables_do_not_start)
{
        expect_bad((HttpRoute[]){ { "GET", "a", handler, false }, { NULL, NULL, NULL, false } });
        expect_bad((HttpRoute[]){ { "GET", NULL, handler, false }, { NULL, NULL, NULL, false } });
        expect_bad((HttpRoute[]){ { "GET", "/a", NULL, false }, { NULL, NULL, NULL, false } });
        expect_bad((HttpRoute[]){ { "GET", "/a/:x", handler, false },
                                  { "PUT", "/a/:x", handler, false },
                                  { "GET", "/a/:other", handler, false },
                                  { NULL, NULL, NULL, false } });
        expect_bad((HttpRoute[]){
                { "GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", handler, false },
                { NULL, NULL, NULL, false } });
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("http_routes");
        TCase *tcase = tcase_create("http_routes");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, the_earlier_literal_wins);
        tcase_add_test(tcase, what_no_route_has_is_not_found);
        tcase_add_test(tcase, parameters_go_by_name);
        tcase_add_test(tcase, each_table_has_its_own_app);
        tcase_add_test(tcase, a_path_knows_its_methods);
        tcase_add_test(tcase, bad_tables_do_not_start);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
