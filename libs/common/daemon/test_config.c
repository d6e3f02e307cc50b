#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buffer.h"
#include "common/daemon/config.h"
#include "common/daemon/daemon.h"

typedef struct Sample {
        char *name;
        char *password;
        int64_t port_number;
        bool is_loud;
} Sample;

static const ConfigItem items[] = {
        CONFIG_ROW_STRING(Sample, name, "nobody", "a name"),
        CONFIG_ROW_SECRET(Sample, password, NULL, "a secret"),
        CONFIG_ROW_INT(Sample, port_number, "80", 1, 65535, "a number"),
        CONFIG_ROW_BOOL(Sample, is_loud, "false", "a choice"),
        CONFIG_END,
};

static Sample sample;
static Error err;
static char path[] = "/tmp/skafu-test-config-XXXXXX";
static bool has_file;

/* Tests are alone in their process. */
static void set_variable(const char *name, const char *value)
{
        if (value)
                (void)setenv(name, value, 1); /* NOLINT(concurrency-mt-unsafe) */
        else
                (void)unsetenv(name); /* NOLINT(concurrency-mt-unsafe) */
}

static void setup(void)
{
        sample = (Sample){ .name = NULL };
        err = ERROR_INIT;
        set_variable("SKAFU_NAME", NULL);
        set_variable("SKAFU_PASSWORD", NULL);
        set_variable("SKAFU_PORT_NUMBER", NULL);
        has_file = false;
}

static void teardown(void)
{
        config_deinit(items, &sample);
        ck_assert_ptr_null(sample.name);
        if (has_file) {
                (void)unlink(path);
                (void)snprintf(path + strlen(path) - 6, 7, "XXXXXX");
        }
}

static const char *write_file(const char *text)
{
        int fd = mkstemp(path);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        (void)close(fd);
        has_file = true;
        return path;
}

/* Flags end with NULL. */
static ErrorCode load(const char *file, const char *const *flags)
{
        static char texts[16][64];
        char *argv[ARRAY_SIZE(texts)] = { texts[0] };
        int argc = 1;

        for (; flags && *flags; flags++) {
                (void)snprintf(texts[argc], sizeof texts[0], "%s", *flags);
                argv[argc] = texts[argc];
                argc++;
        }
        return config_load(items, &sample, file, argc, argv, &err);
}

#define FLAGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void expect_refused(const char *file, const char *const *flags, const char *message)
{
        ck_assert_int_eq(load(file, flags), ERROR_INVALID);
        ck_assert_msg(strstr(err.message, message), "\"%s\" lacks \"%s\"", err.message, message);
}

START_TEST(defaults_fill_what_is_not_set)
{
        ck_assert_int_eq(load(NULL, FLAGS("--password", "x")), ERROR_NONE);
        ck_assert_str_eq(sample.name, "nobody");
        ck_assert_str_eq(sample.password, "x");
        ck_assert_int_eq(sample.port_number, 80);
        ck_assert(!sample.is_loud);
}
END_TEST

START_TEST(later_sources_win)
{
        write_file("name = file\npassword=file\nport_number = 1\nis_loud = true");
        set_variable("SKAFU_PASSWORD", "environment");
        set_variable("SKAFU_PORT_NUMBER", "2");
        ck_assert_int_eq(load(path, FLAGS("--port-number=3")), ERROR_NONE);
        ck_assert_str_eq(sample.name, "file");
        ck_assert_str_eq(sample.password, "environment");
        ck_assert_int_eq(sample.port_number, 3);
        ck_assert(sample.is_loud);
}
END_TEST

START_TEST(a_file_has_comments_and_space)
{
        write_file("# a comment\n\n  \t\r\n  name =  a # b = c  \r\n\tpassword\t=\n");
        ck_assert_int_eq(load(path, NULL), ERROR_NONE);
        ck_assert_str_eq(sample.name, "a # b = c");
        ck_assert_str_eq(sample.password, "");
}
END_TEST

START_TEST(a_wrong_file_names_its_line)
{
        expect_refused(write_file("name = x\nnonsense secret\n"), NULL, "line 2 of ");
        ck_assert_ptr_null(strstr(err.message, "secret"));
}
END_TEST

START_TEST(unknown_keys_are_refused)
{
        expect_refused(write_file("password = x\n\nnme = y\n"), NULL, "there is no key \"nme\"");
        ck_assert_str_eq(err.field, "nme");
        expect_refused(NULL, FLAGS("--nme=secret"), "there is no flag \"--nme\"");
        ck_assert_ptr_null(strstr(err.message, "secret"));
        expect_refused(NULL, FLAGS("--port_number=1"), "there is no flag");
        expect_refused(NULL, FLAGS("--"), "there is no flag");
        expect_refused(NULL, FLAGS("name"), "unexpected argument \"name\"");
}
END_TEST

START_TEST(a_key_set_twice_in_a_file_is_a_mistake)
{
        expect_refused(write_file("name = x\npassword = y\nname = z\n"), NULL,
                       "name was set in line 1 already");
}
END_TEST

START_TEST(what_is_required_must_be_set)
{
        expect_refused(NULL, NULL, "password is not set: give it in the file, as SKAFU_PASSWORD");
}
END_TEST

START_TEST(numbers_have_a_range)
{
        static const char *const wrong[] = { "",   "x",  "0",    "65536", "1x",
                                             " 1", "1 ", "0x10", "1.5",   "99999999999999999999" };

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                expect_refused(NULL, FLAGS("--password=p", "--port-number", wrong[i]),
                               "is not a whole number from 1 to 65535");
                ck_assert_str_eq(err.field, "port_number");
        }
        set_variable("SKAFU_PORT_NUMBER", "x");
        expect_refused(NULL, FLAGS("--password=p"), "SKAFU_PORT_NUMBER: port_number is \"x\"");
}
END_TEST

START_TEST(choices_are_true_or_false)
{
        expect_refused(NULL, FLAGS("--password=p", "--is-loud", "yes"), "neither true nor false");
        ck_assert_int_eq(load(NULL, FLAGS("--password=p", "--is-loud", "true")), ERROR_NONE);
        ck_assert(sample.is_loud);
}
END_TEST

START_TEST(a_flag_needs_a_value)
{
        expect_refused(NULL, FLAGS("--name"), "--name needs a value");
        ck_assert_int_eq(load(NULL, FLAGS("--name=", "--password", "--x")), ERROR_NONE);
        ck_assert_str_eq(sample.name, "");
        ck_assert_str_eq(sample.password, "--x");
}
END_TEST

START_TEST(text_is_one_line_of_utf8)
{
        expect_refused(NULL, FLAGS("--name=a\xff", "--password=p"), "is not one line of UTF-8");
        expect_refused(NULL, FLAGS("--name=a\nb", "--password=p"), "is not one line of UTF-8");
        expect_refused(write_file("name = \xff\n"), NULL, "is not UTF-8");
}
END_TEST

START_TEST(a_missing_file_is_named)
{
        expect_refused("/nowhere/at-all", NULL,
                       "could not read \"/nowhere/at-all\": No such file or directory");
        expect_refused("/", NULL, "could not read \"/\": Is a directory");
}
END_TEST

/* Every row of a table must be readable, and be what --print-config and --help can show. */
static void check_table(const ConfigItem *table)
{
        for (const ConfigItem *item = table; item->key; item++) {
                ck_assert_msg(strspn(item->key, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
                                      strlen(item->key),
                              "key \"%s\"", item->key);
                ck_assert_msg(item->help && *item->help, "%s has no help", item->key);
                ck_assert_msg(item->kind != CONFIG_INT || item->min <= item->max, "%s", item->key);
                for (const ConfigItem *other = table; other < item; other++) {
                        ck_assert_msg(strcmp(other->key, item->key) != 0, "%s twice", item->key);
                        ck_assert_msg(other->offset != item->offset, "%s and %s are one member",
                                      other->key, item->key);
                }
        }
}

START_TEST(the_rows_of_all_services_are_sound)
{
        static const ConfigItem daemon_items[] = { DAEMON_CONFIG_ROWS("8080"), CONFIG_END };
        DaemonConfig config = { .log_level = NULL };
        char program[] = "program";
        char *argv[] = { program };

        check_table(daemon_items);
        check_table(items);
        ck_assert_int_eq(config_load(daemon_items, &config, NULL, 1, argv, &err), ERROR_NONE);
        ck_assert_int_eq(config.http_port, 8080);
        config_deinit(daemon_items, &config);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("config");
        TCase *tcase = tcase_create("config");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, defaults_fill_what_is_not_set);
        tcase_add_test(tcase, later_sources_win);
        tcase_add_test(tcase, a_file_has_comments_and_space);
        tcase_add_test(tcase, a_wrong_file_names_its_line);
        tcase_add_test(tcase, unknown_keys_are_refused);
        tcase_add_test(tcase, a_key_set_twice_in_a_file_is_a_mistake);
        tcase_add_test(tcase, what_is_required_must_be_set);
        tcase_add_test(tcase, numbers_have_a_range);
        tcase_add_test(tcase, choices_are_true_or_false);
        tcase_add_test(tcase, a_flag_needs_a_value);
        tcase_add_test(tcase, text_is_one_line_of_utf8);
        tcase_add_test(tcase, a_missing_file_is_named);
        tcase_add_test(tcase, the_rows_of_all_services_are_sound);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
