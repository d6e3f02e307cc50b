#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/json_text.h"

static JsonSpan span_of(const char *text)
{
        return (JsonSpan){ text, strlen(text) };
}

static void check_decoded(const char *json, const char *expected)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        ck_assert_msg(json_string_decode(&text, span_of(json)), "%s was not taken", json);
        ck_assert_str_eq(buffer_text(&text), expected);
}

static void check_encoded(const char *text, size_t size, const char *expected)
{
        _cleanup_(buffer_deinit) Buffer json = BUFFER_INIT;

        json_string_encode(&json, text, size);
        ck_assert_str_eq(buffer_text(&json), expected);
}

START_TEST(check_takes_objects)
{
        static const char *const good[] = {
                "{}",
                " { } ",
                "{\"a\":1}",
                "{\"a\":[1,2.5e3,\"x\",null,true,{\"b\":{}}]}",
                "{\"a\":\"\\u00e9\\ud83d\\ude00\"}",
                "{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
                "{\"a\":\"[[[[[[[[\\\"{{{{\"}",
        };

        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                Error err = ERROR_INIT;

                ck_assert_msg(json_text_check(good[i], strlen(good[i]), 4, &err) == ERROR_NONE,
                              "%s: %s", good[i], err.message);
        }
}
END_TEST

START_TEST(check_refuses_the_rest)
{
        static const char *const bad[] = {
                "",
                " ",
                "null",
                "[]",
                "1",
                "\"a\"",
                "{",
                "{}}",
                "{} {}",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{a:1}",
                "{'a':1}",
                "{\"a\":01}",
                "{\"a\":+1}",
                "{\"a\":.5}",
                "{\"a\":NaN}",
                "{\"a\":1e400}",
                "{\"a\":9223372036854775808}",
                "{\"a\":1,\"a\":2}",
                "{\"a\":1,\"\\u0061\":2}",
                "{\"a\":{\"b\":1,\"b\":1}}",
                "{\"a\":\"\\u0000\"}",
                "{\"a\":\"\\ud800\"}",
                "{\"a\":\"\\udc00\"}",
                "{\"a\":\"\xff\"}",
                "{\"a\":\"\xc0\x80\"}",
                "{\"a\":\"\xed\xa0\x80\"}",
                "{\"a\":\"\n\"}",
                "{\"a\":\"\\x\"}",
                "{\"a\":[[[[1]]]]}",
                "\xef\xbb\xbf{}",
                "// no\n{}",
        };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                Error err = ERROR_INIT;

                ck_assert_msg(json_text_check(bad[i], strlen(bad[i]), 4, &err) == ERROR_MALFORMED,
                              "%s was taken", bad[i]);
                ck_assert_msg(*err.message, "no message for %s", bad[i]);
        }
        ck_assert_int_eq(json_text_check("{}\0", 3, 4, NULL), ERROR_MALFORMED);
        ck_assert_int_eq(json_text_check("{\"a\":1\0}", 8, 4, NULL), ERROR_MALFORMED);
        ck_assert_int_eq(json_text_check(NULL, 0, 4, NULL), ERROR_MALFORMED);
}
END_TEST

START_TEST(check_says_where)
{
        static const char text[] = "{\n  \"a\": 1,\n  \"b\": oops\n}";
        Error err = ERROR_INIT;

        ck_assert_int_eq(json_text_check(text, strlen(text), 4, &err), ERROR_MALFORMED);
        ck_assert_msg(strstr(err.message, "line 3"), "%s", err.message);
}
END_TEST

START_TEST(check_counts_levels)
{
        ck_assert_int_eq(json_text_check("{\"a\":[{}]}", 10, 3, NULL), ERROR_NONE);
        ck_assert_int_eq(json_text_check("{\"a\":[{}]}", 10, 2, NULL), ERROR_MALFORMED);
}
END_TEST

START_TEST(kinds_by_the_first_byte)
{
        static const struct {
                const char *text;
                JsonKind kind;
        } kinds[] = {
                { "", JSON_KIND_ABSENT },      { "null", JSON_KIND_NULL },
                { "true", JSON_KIND_BOOLEAN }, { "false", JSON_KIND_BOOLEAN },
                { "-1", JSON_KIND_NUMBER },    { "0", JSON_KIND_NUMBER },
                { "\"\"", JSON_KIND_STRING },  { "[]", JSON_KIND_ARRAY },
                { "{}", JSON_KIND_OBJECT },
        };

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                ck_assert_int_eq(json_span_kind(span_of(kinds[i].text)), kinds[i].kind);
                ck_assert_ptr_nonnull(json_kind_name(kinds[i].kind));
        }
}
END_TEST

START_TEST(scan_finds_the_end)
{
        static const struct {
                const char *text;
                ptrdiff_t size; /* -1: no value */
        } values[] = {
                { "1,", 1 },
                { "-0.5e+10]", 8 },
                { "0123", 1 },
                { "true ", 4 },
                { "\"a\\\"b\" ", 6 },
                { "\"\\u00e9\"", 8 },
                { "[]x", 2 },
                { "[ 1 , [ ] , { } ]", 17 },
                { "{\"a\":{\"b\":[1,{\"c\":2}]},\"d\":3},", 29 },
                { "", -1 },
                { "x", -1 },
                { "-", -1 },
                { "1.", -1 },
                { "1e", -1 },
                { "tru", -1 },
                { "\"a", -1 },
                { "\"\\\"", -1 },
                { "\"\\u12g4\"", -1 },
                { "\"\t\"", -1 },
                { "[1", -1 },
                { "[1,]", -1 },
                { "[1}", -1 },
                { "{\"a\"}", -1 },
                { "{\"a\":1,}", -1 },
                { "{1:2}", -1 },
                { "[,1]", -1 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
                const char *start = values[i].text;
                const char *end = json_scan_value(start, start + strlen(start));

                ck_assert_msg((end ? end - start : -1) == values[i].size, "%s: %td", start,
                              end ? end - start : -1);
        }
}
END_TEST

START_TEST(scan_is_bounded)
{
        char deep[130];

        memset(deep, '[', 65);
        memset(deep + 65, ']', 65);
        ck_assert_ptr_null(json_scan_value(deep, deep + 130));
        ck_assert_ptr_eq(json_scan_value(deep + 1, deep + 129), deep + 129);
}
END_TEST

START_TEST(decode)
{
        check_decoded("\"\"", "");
        check_decoded("\"abc\"", "abc");
        check_decoded("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
        check_decoded("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00!\"",
                      "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!");
        check_decoded("\"\xc3\xa9\"", "\xc3\xa9");
}
END_TEST

START_TEST(decode_refuses)
{
        static const char *const bad[] = {
                "",
                "\"",
                "abc",
                "\"abc",
                "\"\\\"",
                "\"\\x\"",
                "\"\\u12\"",
                "\"\\u0000\"",
                "\"\\ud800\"",
                "\"\\ud800x\"",
                "\"\\ud800\\u0041\"",
                "\"\\ud800\\ud800\"",
                "\"\\udc00\"",
                "\"\\ud83d\\ude0\"",
        };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

                ck_assert_msg(!json_string_decode(&text, span_of(bad[i])), "%s was taken", bad[i]);
        }
}
END_TEST

START_TEST(encode)
{
        check_encoded("", 0, "\"\"");
        check_encoded("abc", 3, "\"abc\"");
        check_encoded("a\"b\\c/\n\t\r\x01\x1f\x7f", 12,
                      "\"a\\\"b\\\\c/\\n\\t\\u000d\\u0001\\u001f\x7f\"");
        check_encoded("\xc3\xa9", 2, "\"\xc3\xa9\"");
        check_encoded("a\0b", 3, "\"a\\u0000b\"");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("json_text");
        TCase *tcase = tcase_create("json_text");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, check_takes_objects);
        tcase_add_test(tcase, check_refuses_the_rest);
        tcase_add_test(tcase, check_says_where);
        tcase_add_test(tcase, check_counts_levels);
        tcase_add_test(tcase, kinds_by_the_first_byte);
        tcase_add_test(tcase, scan_finds_the_end);
        tcase_add_test(tcase, scan_is_bounded);
        tcase_add_test(tcase, decode);
        tcase_add_test(tcase, decode_refuses);
        tcase_add_test(tcase, encode);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
