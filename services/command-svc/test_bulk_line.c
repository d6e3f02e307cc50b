#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bulk_line.h"
#include "bulk_lines.h"
#include "common/http/http_stream.h"

static BulkLine line;

static void teardown(void)
{
        bulk_line_deinit(&line);
}

static void expect_good(const char *text)
{
        Error err = ERROR_INIT;

        ck_assert_msg(!bulk_line_parse(&line, text, strlen(text), &err), "%s: %s", text,
                      err.message);
}

static void expect_bad(const char *text, const char *field, const char *message)
{
        Error err = ERROR_INIT;

        ck_assert_msg(bulk_line_parse(&line, text, strlen(text), &err) == ERROR_MALFORMED, "%s",
                      text);
        ck_assert_str_eq(err.field, field);
        ck_assert_msg(strstr(err.message, message), "%s", err.message);
}

START_TEST(a_line_is_taken_apart)
{
        expect_good("{\"type\":\"A\",\"id\":\"k\",\"payload\":{\"a\": 1},\"correlationId\":\"c\","
                    "\"traceparent\":\"t\",\"ifMatch\":\"*\"}");
        ck_assert_str_eq(line.type, "A");
        ck_assert_int_eq(strncmp(line.payload.text, "{\"a\": 1}", line.payload.size), 0);
        ck_assert_str_eq(line.headers.texts[HEADER_KEY], "k");
        ck_assert_str_eq(line.headers.texts[HEADER_IF_MATCH], "*");
        ck_assert_ptr_null(line.headers.texts[HEADER_IF_NONE_MATCH]);
        ck_assert_str_eq(line.headers.texts[HEADER_CORRELATION_ID], "c");
        ck_assert_str_eq(line.headers.texts[HEADER_TRACEPARENT], "t");

        expect_good("{\"payload\":{},\"type\":\"B\",\"id\":null,\"ifNoneMatch\":\"*\"}");
        ck_assert_str_eq(line.type, "B");
        ck_assert_ptr_null(line.headers.texts[HEADER_KEY]);
        ck_assert_ptr_null(line.headers.texts[HEADER_IF_MATCH]);
        ck_assert_str_eq(line.headers.texts[HEADER_IF_NONE_MATCH], "*");
}
END_TEST

START_TEST(a_version_may_be_a_number)
{
        expect_good("{\"type\":\"A\",\"payload\":{},\"ifMatch\":3}");
        ck_assert_str_eq(line.headers.texts[HEADER_IF_MATCH], "\"3\"");
        expect_good("{\"type\":\"A\",\"payload\":{},\"ifMatch\":\"\\\"3\\\"\"}");
        ck_assert_str_eq(line.headers.texts[HEADER_IF_MATCH], "\"3\"");
        expect_bad("{\"type\":\"A\",\"payload\":{},\"ifMatch\":-3}", "ifMatch", "a number");
        expect_bad("{\"type\":\"A\",\"payload\":{},\"ifMatch\":1.5}", "ifMatch", "a number");
}
END_TEST

START_TEST(faults_are_named)
{
        expect_bad("", "", "one JSON object");
        expect_bad("[]", "", "one JSON object");
        expect_bad("{\"type\":\"A\",\"payload\":{}} x", "", "one JSON object");
        expect_bad("{\"payload\":{}}", "type", "required");
        expect_bad("{\"type\":null,\"payload\":{}}", "type", "required");
        expect_bad("{\"type\":7,\"payload\":{}}", "type", "not a number");
        expect_bad("{\"type\":\"\\ud800\",\"payload\":{}}", "type", "broken escapes");
        expect_bad("{\"type\":\"A\"}", "payload", "not absent");
        expect_bad("{\"type\":\"A\",\"payload\":[]}", "payload", "not an array");
        expect_bad("{\"type\":\"A\",\"id\":1,\"payload\":{}}", "id", "not a number");
        expect_bad("{\"type\":\"A\",\"wait\":\"x\",\"payload\":{}}", "", "\"wait\"");
        expect_bad("{\"type\":\"A\",\"payload\":{},\"type\":\"A\"}", "type", "twice");
}
END_TEST

typedef struct Expected {
        BulkLineKind kind;
        int64_t number;
        const char *text;
} Expected;

static void expect_lines(const char *body, const Expected *expected)
{
        HttpStream stream = { .body = body, .body_size = strlen(body) };
        _cleanup_(bulk_lines_deinit) BulkLines lines;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        BulkLineKind kind;
        int status = 0;
        Error err;

        ck_assert(!bulk_lines_init(&lines, &stream, 8, 1000000, &err));
        for (;; expected++) {
                ck_assert(!bulk_lines_next(&lines, &text, &kind, &status, &err));
                ck_assert_int_eq(kind, expected->kind);
                if (kind == BULK_LINES_END)
                        return;
                ck_assert_int_eq(lines.number, expected->number);
                ck_assert_str_eq(buffer_text(&text), expected->text);
        }
}

START_TEST(a_body_is_split_into_lines)
{
        expect_lines("", (Expected[]){ { BULK_LINES_END, 0, "" } });
        expect_lines("\n\n", (Expected[]){ { BULK_LINES_END, 0, "" } });
        expect_lines("a\n\n \r\nb\nc", (Expected[]){ { BULK_LINE, 1, "a" },
                                                     { BULK_LINE, 4, "b" },
                                                     { BULK_LINE, 5, "c" },
                                                     { BULK_LINES_END, 0, "" } });
        expect_lines("12345678\n123456789\n1\n", (Expected[]){ { BULK_LINE, 1, "12345678" },
                                                               { BULK_LINE_LONG, 2, "" },
                                                               { BULK_LINE, 3, "1" },
                                                               { BULK_LINES_END, 0, "" } });
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("bulk_line");
        TCase *tcase = tcase_create("bulk_line");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, NULL, teardown);
        tcase_add_test(tcase, a_line_is_taken_apart);
        tcase_add_test(tcase, a_version_may_be_a_number);
        tcase_add_test(tcase, faults_are_named);
        tcase_add_test(tcase, a_body_is_split_into_lines);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
