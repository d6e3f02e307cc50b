#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/json_text.h"
#include "common/daemon/log.h"

static int pipe_fds[2], saved_stderr;
static char text[65536];

/* Take what goes to stderr. */
static void setup(void)
{
        ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
        saved_stderr = dup(STDERR_FILENO);
        ck_assert_int_ge(dup2(pipe_fds[1], STDERR_FILENO), 0);
        log_init("test-svc", LOG_LEVEL_INFO);
}

static void teardown(void)
{
        (void)dup2(saved_stderr, STDERR_FILENO);
        (void)close(saved_stderr);
        (void)close(pipe_fds[0]);
        (void)close(pipe_fds[1]);
}

static const char *written(void)
{
        ssize_t n = read(pipe_fds[0], text, sizeof text - 1);

        text[n < 0 ? 0 : n] = '\0';
        return text;
}

static void expect_line(const char *part)
{
        size_t size = strlen(written());

        ck_assert_msg(strstr(text, part), "%s lacks %s", text, part);
        ck_assert_ptr_eq(strchr(text, '\n'), text + size - 1);
        ck_assert_int_eq(json_text_check(text, size - 1, 1, NULL), ERROR_NONE);
}

START_TEST(a_line_is_one_object)
{
        log_info("some-id", "%d of %s", 3, "five");
        expect_line("\"level\":\"info\",\"service\":\"test-svc\",\"id\":\"some-id\","
                    "\"message\":\"3 of five\"}");
        log_write(LOG_LEVEL_ERROR, "x", "corr-1", "m");
        expect_line("\"id\":\"x\",\"correlationId\":\"corr-1\",\"message\":\"m\"}");
}
END_TEST

START_TEST(levels_below_the_chosen_one_are_silent)
{
        LogLevel level;

        log_debug("x", "not seen");
        ck_assert_str_eq(written(), "");
        log_init("test-svc", LOG_LEVEL_WARNING);
        log_info("x", "not seen");
        ck_assert_str_eq(written(), "");
        log_warning("x", "seen");
        expect_line("\"warning\"");
        ck_assert(log_level_parse("debug", &level) && level == LOG_LEVEL_DEBUG);
        ck_assert(log_level_parse("error", &level) && level == LOG_LEVEL_ERROR);
        ck_assert(!log_level_parse("loud", &level));
}
END_TEST

START_TEST(whatever_the_text_holds_the_line_stays_a_line)
{
        log_info("x", "%s", "a \"quote\", a\nline, a tab\t, \x01 and \xff\xc3");
        expect_line("a \\\"quote\\\", a\\nline, a tab\\t, \\u0001 and ??\"}");
        log_write(LOG_LEVEL_ERROR, "x", "\xff\"", "m");
        expect_line("\"correlationId\":\"?\\\"\"");
}
END_TEST

START_TEST(a_long_message_is_cut_below_what_a_pipe_takes_at_once)
{
        static char longest[100000];

        memset(longest, 'x', sizeof longest - 1);
        log_info("x", "%s", longest);
        expect_line("xxxx\"}");
        ck_assert_uint_lt(strlen(text), 4096);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("log");
        TCase *tcase = tcase_create("log");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_line_is_one_object);
        tcase_add_test(tcase, levels_below_the_chosen_one_are_silent);
        tcase_add_test(tcase, whatever_the_text_holds_the_line_stays_a_line);
        tcase_add_test(tcase, a_long_message_is_cut_below_what_a_pipe_takes_at_once);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
