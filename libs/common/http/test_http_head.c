#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/http/http_date.h"
#include "common/http/http_head.h"

static ErrorCode parse(HttpHead *head, char *text, int *ret_status)
{
        size_t size = http_head_size(text, strlen(text));
        Error err = ERROR_INIT;

        ck_assert_uint_gt(size, 0);
        *ret_status = 0;
        return http_head_parse(head, text, size, ret_status, &err);
}

START_TEST(a_head_is_taken_apart)
{
        char text[] = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nA:\t b c \r\nEmpty:\r\n\r\nbody";
        HttpHead head;
        int status;

        ck_assert_uint_eq(http_head_size(text, strlen(text)), strlen(text) - 4);
        ck_assert_int_eq(parse(&head, text, &status), ERROR_NONE);
        ck_assert_str_eq(head.method, "POST");
        ck_assert_str_eq(head.target, "/a?b=c");
        ck_assert(!head.is_http_1_0);
        ck_assert_uint_eq(head.n_headers, 3);
        ck_assert_str_eq(head.headers[0].name, "Host");
        ck_assert_str_eq(head.headers[0].value, "x");
        ck_assert_str_eq(head.headers[1].value, "b c");
        ck_assert_str_eq(head.headers[2].value, "");
}
END_TEST

START_TEST(an_unfinished_head_has_no_size)
{
        ck_assert_uint_eq(http_head_size("", 0), 0);
        ck_assert_uint_eq(http_head_size("GET / HTTP/1.1\r\nA: b\r\n\r", 22), 0);
        ck_assert_uint_eq(http_head_size("GET / HTTP/1.1\n\n", 16), 0);
}
END_TEST

START_TEST(malformed_heads_are_refused)
{
        static const struct {
                const char *text;
                int status;
        } bad[] = {
                { "\r\n\r\n", 0 },
                { "GET\r\n\r\n", 0 },
                { "GET /\r\n\r\n", 0 },
                { " GET / HTTP/1.1\r\n\r\n", 0 },
                { "GET  / HTTP/1.1\r\n\r\n", 0 },
                { "GET / HTTP/1.1 \r\n\r\n", 0 },
                { "GET /\x01 HTTP/1.1\r\n\r\n", 0 },
                { "GET / http/1.1\r\n\r\n", 0 },
                { "GET / HTTP/1.2\r\n\r\n", 505 },
                { "GET / HTTP/1.1\r\nA\r\n\r\n", 0 },
                { "GET / HTTP/1.1\r\n: b\r\n\r\n", 0 },
                { "GET / HTTP/1.1\r\nA : b\r\n\r\n", 0 },
                { "GET / HTTP/1.1\r\n A: b\r\n\r\n", 0 },
                { "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 0 },
                { "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", 0 },
                { "GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", 0 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                char *text = strdup(bad[i].text);
                HttpHead head;
                int status;

                ck_assert_msg(parse(&head, text, &status) == ERROR_MALFORMED, "%s", bad[i].text);
                ck_assert_int_eq(status, bad[i].status);
                free(text);
        }
}
END_TEST

START_TEST(dates_are_http_dates)
{
        static const struct {
                int64_t seconds;
                const char *text;
        } dates[] = {
                { 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
                { 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
                { 1709251199, "Thu, 29 Feb 2024 23:59:59 GMT" },
                { -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
        };
        char text[HTTP_DATE_SIZE];

        for (size_t i = 0; i < ARRAY_SIZE(dates); i++) {
                http_date_format(dates[i].seconds * 1000000, text);
                ck_assert_str_eq(text, dates[i].text);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("http_head");
        TCase *tcase = tcase_create("http_head");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, a_head_is_taken_apart);
        tcase_add_test(tcase, an_unfinished_head_has_no_size);
        tcase_add_test(tcase, malformed_heads_are_refused);
        tcase_add_test(tcase, dates_are_http_dates);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
