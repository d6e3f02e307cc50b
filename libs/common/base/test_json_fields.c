#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/json_fields.h"

static ErrorCode parse(JsonFields *fields, const char *text)
{
        return json_fields_parse(fields, text, strlen(text), NULL);
}

static void check_raw(const JsonFields *fields, const char *key, const char *expected)
{
        JsonSpan span = json_fields_get(fields, key);

        ck_assert_uint_eq(span.size, strlen(expected));
        ck_assert_int_eq(memcmp(span.text, expected, span.size), 0);
}

START_TEST(values_are_found_as_they_stand)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;

        ck_assert_int_eq(parse(&fields,
                               " {\"a\" : 1.50 , \"b\":{ \"a\": 2 },\"c\":\"x\\ny\",\"\":[ ]} "),
                         ERROR_NONE);
        ck_assert_uint_eq(fields.n_fields, 4);
        check_raw(&fields, "a", "1.50");
        check_raw(&fields, "b", "{ \"a\": 2 }");
        check_raw(&fields, "c", "\"x\\ny\"");
        check_raw(&fields, "", "[ ]");
        ck_assert_ptr_null(json_fields_get(&fields, "d").text);
        ck_assert_ptr_null(json_fields_get(&fields, "aa").text);
}
END_TEST

START_TEST(an_empty_object)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;

        ck_assert_int_eq(parse(&fields, "{ }"), ERROR_NONE);
        ck_assert_uint_eq(fields.n_fields, 0);
}
END_TEST

START_TEST(of_duplicates_the_first_is_found)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;

        ck_assert_int_eq(parse(&fields, "{\"a\":1,\"a\":2}"), ERROR_NONE);
        check_raw(&fields, "a", "1");
}
END_TEST

START_TEST(malformed_text_leaves_nothing)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        static const char *const bad[] = {
                "",
                "x",
                "[]",
                "{",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":1",
                "{\"a\":1,",
                "{\"a\":1,}",
                "{\"a\":1}x",
                "{\"a\" 1}",
                "{a:1}",
                "{\"a\":1 \"b\":2}",
                "{\"a\":[}",
                "{,}",
                "{} }",
        };
        Error err;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                ck_assert_int_eq(parse(&fields, "{\"a\":1}"), ERROR_NONE);
                ck_assert_msg(json_fields_parse(&fields, bad[i], strlen(bad[i]), &err) ==
                                      ERROR_MALFORMED,
                              "%s was taken", bad[i]);
                ck_assert_uint_eq(fields.n_fields, 0);
                ck_assert_ptr_null(json_fields_get(&fields, "a").text);
        }
}
END_TEST

START_TEST(strings_are_decoded_and_kept)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        const char *a, *b;

        ck_assert_int_eq(parse(&fields, "{\"a\":\"x\\ny\",\"b\":\"\",\"c\":1,\"d\":\"\\ud800\"}"),
                         ERROR_NONE);
        a = json_fields_string(&fields, "a");
        b = json_fields_string(&fields, "b");
        ck_assert_str_eq(a, "x\ny");
        ck_assert_str_eq(b, "");
        ck_assert_ptr_null(json_fields_string(&fields, "c"));
        ck_assert_ptr_null(json_fields_string(&fields, "d"));
        ck_assert_ptr_null(json_fields_string(&fields, "e"));
}
END_TEST

START_TEST(booleans)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        bool value = true;

        ck_assert_int_eq(parse(&fields, "{\"a\":false,\"b\":true,\"c\":\"true\",\"d\":null}"),
                         ERROR_NONE);
        ck_assert(json_fields_bool(&fields, "a", &value) && !value);
        ck_assert(!json_fields_bool(&fields, "c", &value));
        ck_assert(!json_fields_bool(&fields, "d", &value));
        ck_assert(!json_fields_bool(&fields, "absent", &value));
        ck_assert(!value);
        ck_assert(json_fields_bool(&fields, "b", &value) && value);
}
END_TEST

START_TEST(numbers)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        static const char text[] =
                "{\"a\":12,\"b\":-9223372036854775808,\"c\":9223372036854775808,\"d\":1.0,\"e\":1e3,\"f\":\"1\","
                "\"g\":1e400,\"h\":1e-400,\"i\":5e-324,\"j\":0e-400,"
                "\"k\":1000000000000000000000000000000000000000000000000000000000000000}";
        int64_t whole = 42;
        double number = 42;

        ck_assert_int_eq(parse(&fields, text), ERROR_NONE);
        ck_assert(json_fields_int64(&fields, "a", &whole) && whole == 12);
        ck_assert(json_fields_int64(&fields, "b", &whole) && whole == INT64_MIN);
        whole = 42;
        for (const char *key = "cdefk"; *key; key++)
                ck_assert(!json_fields_int64(&fields, (const char[]){ *key, '\0' }, &whole));
        ck_assert(!json_fields_int64(&fields, "absent", &whole));
        ck_assert_int_eq(whole, 42);
        ck_assert(json_fields_double(&fields, "d", &number) && number == 1);
        ck_assert(json_fields_double(&fields, "e", &number) && number == 1000);
        ck_assert(json_fields_double(&fields, "i", &number) && number > 0);
        ck_assert(json_fields_double(&fields, "j", &number) && number == 0);
        number = 42;
        for (const char *key = "fghk"; *key; key++)
                ck_assert(!json_fields_double(&fields, (const char[]){ *key, '\0' }, &number));
        ck_assert(number == 42);
}
END_TEST

START_TEST(many_members)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        for (int i = 0; i < 1000; i++)
                buffer_printf(&text, "%c\"k%d\":%d", i ? ',' : '{', i, i);
        buffer_append_char(&text, '}');
        ck_assert_int_eq(json_fields_parse(&fields, text.data, text.size, NULL), ERROR_NONE);
        ck_assert_uint_eq(fields.n_fields, 1000);
        check_raw(&fields, "k999", "999");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("json_fields");
        TCase *tcase = tcase_create("json_fields");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, values_are_found_as_they_stand);
        tcase_add_test(tcase, an_empty_object);
        tcase_add_test(tcase, of_duplicates_the_first_is_found);
        tcase_add_test(tcase, malformed_text_leaves_nothing);
        tcase_add_test(tcase, strings_are_decoded_and_kept);
        tcase_add_test(tcase, booleans);
        tcase_add_test(tcase, numbers);
        tcase_add_test(tcase, many_members);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
