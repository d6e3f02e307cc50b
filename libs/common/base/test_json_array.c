#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/json_array.h"

/* The items of @text, each followed by a bar. */
static void check_items(const char *text, const char *expected)
{
        _cleanup_(buffer_deinit) Buffer found = BUFFER_INIT;
        JsonSpan rest = { text, strlen(text) }, item;

        while (json_array_next(&rest, &item)) {
                buffer_append(&found, item.text, item.size);
                buffer_append_char(&found, '|');
        }
        ck_assert_str_eq(buffer_text(&found), expected);
}

START_TEST(items_in_order)
{
        check_items("[1]", "1|");
        check_items("[1,\"a,]\",{\"b\":[2,3]},[4],null]", "1|\"a,]\"|{\"b\":[2,3]}|[4]|null|");
        check_items("[ 1 ,\n 2 ]", "1|2|");
}
END_TEST

START_TEST(nothing_inside)
{
        check_items("[]", "");
        check_items("[ ]", "");
}
END_TEST

START_TEST(no_array)
{
        JsonSpan absent = { NULL, 0 }, item;

        ck_assert(!json_array_next(&absent, &item));
        check_items("", "");
        check_items("null", "");
        check_items("{\"a\":1}", "");
        check_items("\"[1]\"", "");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("json_array");
        TCase *tcase = tcase_create("json_array");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, items_in_order);
        tcase_add_test(tcase, nothing_inside);
        tcase_add_test(tcase, no_array);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
