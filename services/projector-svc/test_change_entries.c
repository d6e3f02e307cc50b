#include "change_entries.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SPAN(literal) ((JsonSpan){ (literal), sizeof(literal) - 1 })

static ChangeEntries entries;
static Buffer text;

static void set_up(void)
{
        text = BUFFER_INIT;
        entries = (ChangeEntries){ 0 };
}

static void tear_down(void)
{
        change_entries_deinit(&entries);
        buffer_deinit(&text);
}

static void open_text(const char *of, int64_t first, int64_t last)
{
        change_entries_init(&entries, of, strlen(of), first, last, 77);
}

START_TEST(what_was_written_is_read)
{
        const Change written = { .id = "b:2",
                                 .aggregate_id = "",
                                 .aggregate_type = "project",
                                 .partition = 12,
                                 .position = INT64_C(100000000000),
                                 .event_id = "01a2089d-0000-7000-8000-000000000000",
                                 .traceparent = "00-ä-01" };
        Error err = ERROR_INIT;
        Change change;

        change_entry_begin(&text, &written);
        buffer_append_string(&text, "-9:{\"a\":\"-\"}");
        change_entry_begin(&text, &(Change){ .id = "c", .aggregate_id = "c" });
        buffer_append_string(&text, "2:{}-");
        change_entries_init(&entries, text.data, text.size, 41, 42, 77);

        ck_assert_int_eq(change_entries_read(&entries, &change, &err), ERROR_NONE);
        ck_assert_int_eq(change.change_position, 41);
        ck_assert_str_eq(change.id, written.id);
        ck_assert_str_eq(change.aggregate_id, "");
        ck_assert_str_eq(change.aggregate_type, written.aggregate_type);
        ck_assert_int_eq(change.partition, 12);
        ck_assert_int_eq(change.position, written.position);
        ck_assert_str_eq(change.event_id, written.event_id);
        ck_assert_str_eq(change.traceparent, written.traceparent);
        ck_assert_int_eq(change.changed_us, 77);
        ck_assert_ptr_null(change.old_row.text);
        ck_assert_mem_eq(change.new_row.text, "{\"a\":\"-\"}", change.new_row.size);
        ck_assert_str_eq(change_kind(&change), "created");

        ck_assert_int_eq(change_entries_read(&entries, &change, &err), ERROR_NONE);
        ck_assert_int_eq(change.change_position, 42);
        ck_assert_str_eq(change.id, "c");
        ck_assert_ptr_null(change.aggregate_type);
        ck_assert_ptr_null(change.traceparent);
        ck_assert_str_eq(change_kind(&change), "deleted");
        ck_assert_int_eq(entries.left, 0);
}
END_TEST

START_TEST(a_reset_has_no_fields)
{
        Error err = ERROR_INIT;
        Change change;

        open_text("---------", 1, 1);
        ck_assert_int_eq(change_entries_read(&entries, &change, &err), ERROR_NONE);
        ck_assert_str_eq(change_kind(&change), "reset");
        ck_assert_int_eq(change.position, 0);
}
END_TEST

/* One entry each, of which something is wrong. */
static const char *const broken[] = {
        "",
        "--------",
        "----------",
        "1:a1:a-----2:{}-1:b",
        "2:a",
        "1:a1:a1:t1:x1:1----",
        "1:a1:a1:t20:12345678901234567890-----",
        "1a1:a-----2:{}-",
        ":1:a-----2:{}-",
        "99999999999999999999999:a",
        "1:a1:a-----2:{}9",
};

START_TEST(what_was_not_written_is_refused)
{
        Error err = ERROR_INIT;
        Change change;

        open_text(broken[_i], 7, 7);
        ck_assert_int_eq(change_entries_read(&entries, &change, &err), ERROR_INTERNAL);
        ck_assert_str_eq(err.message, "change 7 is not readable");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("change_entries");
        TCase *tc = tcase_create("change_entries");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, what_was_written_is_read);
        tcase_add_test(tc, a_reset_has_no_fields);
        tcase_add_loop_test(tc, what_was_not_written_is_refused, 0, ARRAY_SIZE(broken));
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
