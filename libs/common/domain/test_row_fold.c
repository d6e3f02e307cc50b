#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/row_fold.h"

static const RowColumn columns[] = {
        { .name = "id" },
        { .name = "name" },
        { .name = "status", .default_text = "ACTIVE" },
        { .name = "owner" },
};

static Event event_of(const char *aggregate_id, int64_t sequence)
{
        return (Event){ .aggregate_type = "project",
                        .aggregate_id = aggregate_id,
                        .sequence = sequence };
}

static ErrorCode apply(RowFold *fold, const char *aggregate_id, int64_t sequence,
                       const RowChanges *changes)
{
        Event event = event_of(aggregate_id, sequence);
        Error err = ERROR_INIT;

        return row_fold_apply(fold, &event, changes, 0, row_changes_count(changes), &err);
}

static void put(RowFold *fold, const char *aggregate_id, int64_t sequence, const char *id,
                const char *name)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();

        row_put(changes, id);
        row_string(changes, "name", name);
        ck_assert_int_eq(apply(fold, aggregate_id, sequence, changes), ERROR_NONE);
}

static void set(RowFold *fold, const char *aggregate_id, int64_t sequence, const char *id,
                const char *owner)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();

        row_set(changes, id);
        row_string(changes, "owner", owner);
        ck_assert_int_eq(apply(fold, aggregate_id, sequence, changes), ERROR_NONE);
}

static void drop(RowFold *fold, const char *aggregate_id, int64_t sequence, const char *id)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();

        row_delete(changes, id);
        ck_assert_int_eq(apply(fold, aggregate_id, sequence, changes), ERROR_NONE);
}

static FoldRow row_of(const RowFold *fold, const char *id, const char *aggregate)
{
        FoldRow found;

        ck_assert_msg(row_fold_find(fold, id, aggregate, &found), "no row %s of %s", id, aggregate);
        return found;
}

static FoldRow row(const RowFold *fold, const char *id)
{
        return row_of(fold, id, "a");
}

START_TEST(put_gives_the_whole_row)
{
        _cleanup_(row_fold_freep) RowFold *fold = row_fold_new(columns, ARRAY_SIZE(columns));
        FoldRow found;

        put(fold, "a", 1, "r", "first");
        set(fold, "a", 2, "r", "alice");
        found = row(fold, "r");
        ck_assert(found.present && found.changed);
        ck_assert_str_eq(found.values[0], "r");
        ck_assert_str_eq(found.values[1], "first");
        ck_assert_str_eq(found.values[2], "ACTIVE");
        ck_assert_str_eq(found.values[3], "alice");
        ck_assert_str_eq(found.aggregate, "a");
        ck_assert_int_eq(found.sequence, 2);
        ck_assert(!found.stored);

        put(fold, "a", 3, "r", NULL);
        found = row(fold, "r");
        ck_assert_ptr_null(found.values[1]);
        ck_assert_str_eq(found.values[2], "ACTIVE");
        ck_assert_ptr_null(found.values[3]);
        ck_assert_uint_eq(row_fold_count(fold), 1);
}
END_TEST

START_TEST(nothing_comes_of_changing_what_is_not_there)
{
        _cleanup_(row_fold_freep) RowFold *fold = row_fold_new(columns, ARRAY_SIZE(columns));

        set(fold, "a", 1, "r", "alice");
        drop(fold, "a", 2, "r");
        ck_assert(!row(fold, "r").present);
        ck_assert(!row(fold, "r").changed);

        put(fold, "a", 3, "r", "x");
        drop(fold, "a", 4, "r");
        set(fold, "a", 5, "r", "alice");
        ck_assert(!row(fold, "r").present);
        ck_assert(row(fold, "r").changed);
        ck_assert_int_eq(row(fold, "r").sequence, 4);
}
END_TEST

/* Two aggregates that use the same id: each has its row, whoever comes first. */
START_TEST(rows_of_others_are_out_of_reach)
{
        static const char *const stored[] = { "r", "mine", "ACTIVE", "alice" };
        _cleanup_(row_fold_freep) RowFold *fold = row_fold_new(columns, ARRAY_SIZE(columns));

        row_fold_load(fold, "r", "a", 7, stored, "");
        set(fold, "b", 1, "r", "bob");
        ck_assert(!row_of(fold, "r", "b").present);
        put(fold, "b", 2, "r", "theirs");
        set(fold, "b", 3, "r", "bob");
        ck_assert_uint_eq(row_fold_count(fold), 2);
        ck_assert(row(fold, "r").stored && row(fold, "r").present && !row(fold, "r").changed);
        ck_assert_str_eq(row(fold, "r").values[1], "mine");
        ck_assert_int_eq(row(fold, "r").sequence, 7);
        ck_assert(!row_of(fold, "r", "b").stored && row_of(fold, "r", "b").changed);
        ck_assert_str_eq(row_of(fold, "r", "b").aggregate, "b");
        ck_assert_str_eq(row_of(fold, "r", "b").values[1], "theirs");
        ck_assert_str_eq(row_of(fold, "r", "b").values[3], "bob");

        drop(fold, "b", 4, "r");
        ck_assert(row(fold, "r").present && !row_of(fold, "r", "b").present);
        drop(fold, "a", 8, "r");
        put(fold, "b", 5, "r", "theirs");
        ck_assert(!row(fold, "r").present && row_of(fold, "r", "b").present);
}
END_TEST

START_TEST(an_event_is_folded_whole_or_not_at_all)
{
        _cleanup_(row_fold_freep) RowFold *fold = row_fold_new(columns, ARRAY_SIZE(columns));
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();
        FoldRow found;

        row_put(changes, "r");
        row_put(changes, "s");
        row_string(changes, "colour", "x");
        ck_assert_int_eq(apply(fold, "a", 1, changes), ERROR_INVALID);
        ck_assert(!row_fold_find(fold, "r", "a", &found));

        row_changes_clear(changes);
        row_put(changes, "r");
        row_string(changes, "id", "x");
        ck_assert_int_eq(apply(fold, "a", 1, changes), ERROR_INVALID);
        ck_assert_uint_eq(row_fold_count(fold), 0);
}
END_TEST

START_TEST(an_earlier_event_is_no_next_one)
{
        static const char *const stored[] = { "r", "seventh", "ACTIVE", "alice" };
        _cleanup_(row_fold_freep) RowFold *fold = row_fold_new(columns, ARRAY_SIZE(columns));
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();

        row_fold_load(fold, "r", "a", 7, stored, "");
        row_put(changes, "s");
        row_put(changes, "r");
        row_put(changes, "r"); /* one event may change a row more than once */
        ck_assert_int_eq(apply(fold, "a", 6, changes), ERROR_INVALID);
        ck_assert_uint_eq(row_fold_count(fold), 1);
        ck_assert_str_eq(row(fold, "r").values[1], "seventh");
        ck_assert_int_eq(apply(fold, "a", 8, changes), ERROR_NONE);
        ck_assert_int_eq(row(fold, "r").sequence, 8);
        ck_assert_int_eq(apply(fold, "b", 1, changes), ERROR_NONE);
}
END_TEST

START_TEST(fields_that_are_no_columns_can_be_left_out)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();
        _cleanup_(row_fold_freep) RowFold *fold = row_fold_new(columns, ARRAY_SIZE(columns));

        row_put(changes, "r");
        row_string(changes, "stars", "3");
        row_string(changes, "name", "x");
        row_string(changes, "color", "red");
        row_string(changes, "owner", "alice");
        ck_assert_int_eq(apply(fold, "a", 1, changes), ERROR_INVALID);
        ck_assert_ptr_null(row_fold_left_out(fold));

        row_fold_leave_out(fold);
        ck_assert_int_eq(apply(fold, "a", 1, changes), ERROR_NONE);
        ck_assert_str_eq(row_fold_left_out(fold), "color");
        ck_assert_str_eq(row(fold, "r").values[1], "x");
        ck_assert_str_eq(row(fold, "r").values[2], "ACTIVE");
        ck_assert_str_eq(row(fold, "r").values[3], "alice");
}
END_TEST

static const RowColumn tally_columns[] = {
        { .name = "id" },
        { .name = "open", .number = true },
        { .name = "done", .default_text = "10", .number = true },
        { .name = "day" },
        { .name = "unit", .default_text = "todos" },
};

/* What one event does to the tally "t". */
static ErrorCode tally(RowFold *fold, const char *aggregate_id, const char *field, int64_t number,
                       const char *day)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();

        row_add(changes, "t");
        row_number(changes, field, number);
        if (day)
                row_string(changes, "day", day);
        return apply(fold, aggregate_id, 1, changes);
}

START_TEST(events_of_any_aggregate_add_to_a_shared_row)
{
        static const char *const stored[] = { "t", "7", "7", NULL, NULL };
        _cleanup_(row_fold_freep) RowFold *fold =
                row_fold_new(tally_columns, ARRAY_SIZE(tally_columns));
        FoldRow found;

        /* an aggregate's row of the same id is another row */
        row_fold_load(fold, "t", "b", 1, stored, "");
        ck_assert_int_eq(tally(fold, "a", "open", 1, "monday"), ERROR_NONE);
        found = row_of(fold, "t", ROW_SHARED);
        ck_assert(found.present && found.changed && !found.stored);
        ck_assert_int_eq(found.sequence, 1);
        ck_assert_str_eq(found.values[0], "t");
        ck_assert_str_eq(found.values[1], "1");
        ck_assert_str_eq(found.values[2], "10");
        ck_assert_str_eq(found.values[3], "monday");
        ck_assert_str_eq(found.values[4], "todos");

        /* the sequences of other aggregates' events say nothing */
        ck_assert_int_eq(tally(fold, "b", "open", -3, "monday"), ERROR_NONE);
        ck_assert_int_eq(tally(fold, "c", "done", INT32_MAX, "monday"), ERROR_NONE);
        ck_assert_int_eq(tally(fold, "c", "done", INT32_MAX, "monday"), ERROR_NONE);
        found = row_of(fold, "t", ROW_SHARED);
        ck_assert_str_eq(found.values[1], "-2");
        ck_assert_str_eq(found.values[2], "4294967304");
        ck_assert_int_eq(found.sequence, 4);
        ck_assert_str_eq(row_of(fold, "t", "b").values[1], "7");
}
END_TEST

START_TEST(a_number_begins_at_zero_whoever_names_it_first)
{
        _cleanup_(row_fold_freep) RowFold *fold =
                row_fold_new(tally_columns, ARRAY_SIZE(tally_columns));

        ck_assert_int_eq(tally(fold, "a", "done", 1, "monday"), ERROR_NONE);
        ck_assert_str_eq(row_of(fold, "t", ROW_SHARED).values[1], "0");
        ck_assert_str_eq(row_of(fold, "t", ROW_SHARED).values[2], "11");
}
END_TEST

START_TEST(an_add_that_does_not_fit_is_refused)
{
        _cleanup_(row_fold_freep) RowFold *fold =
                row_fold_new(tally_columns, ARRAY_SIZE(tally_columns));
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();

        ck_assert_int_eq(tally(fold, "a", "open", (int64_t)INT32_MAX + 1, "monday"), ERROR_INVALID);
        ck_assert_int_eq(tally(fold, "a", "unit", 1, "monday"), ERROR_INVALID);
        ck_assert_int_eq(tally(fold, "a", "colour", 1, "monday"), ERROR_INVALID);
        row_add(changes, "t");
        row_string(changes, "open", "1");
        ck_assert_int_eq(apply(fold, "a", 1, changes), ERROR_INVALID);
        ck_assert_uint_eq(row_fold_count(fold), 0);
}
END_TEST

START_TEST(all_give_a_shared_row_the_same_labels)
{
        _cleanup_(row_fold_freep) RowFold *fold =
                row_fold_new(tally_columns, ARRAY_SIZE(tally_columns));
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();

        row_add(changes, "t");
        row_string(changes, "day", "monday");
        row_add(changes, "other");
        row_add(changes, "t");
        row_string(changes, "day", "tuesday");
        ck_assert_int_eq(apply(fold, "a", 1, changes), ERROR_INVALID);
        ck_assert_uint_eq(row_fold_count(fold), 0);

        ck_assert_int_eq(tally(fold, "a", "open", 1, "monday"), ERROR_NONE);
        ck_assert_int_eq(tally(fold, "b", "open", 1, "tuesday"), ERROR_INVALID);
        ck_assert_int_eq(tally(fold, "b", "open", 1, NULL), ERROR_INVALID);
        ck_assert_str_eq(row_of(fold, "t", ROW_SHARED).values[1], "1");
        row_changes_clear(changes);
        row_add(changes, "t");
        row_string(changes, "day", "monday");
        row_string(changes, "unit", "todos");
        row_number(changes, "open", 1);
        ck_assert_int_eq(apply(fold, "b", 1, changes), ERROR_NONE);
        ck_assert_str_eq(row_of(fold, "t", ROW_SHARED).values[1], "2");
}
END_TEST

/* Sums make garbage, and it is collected. */
START_TEST(many_adds_add_up)
{
        enum {
                N_ADDS = 600000
        };
        _cleanup_(row_fold_freep) RowFold *fold =
                row_fold_new(tally_columns, ARRAY_SIZE(tally_columns));
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();
        const Event event = event_of("a", 1);

        row_add(changes, "t");
        row_number(changes, "open", 3);
        row_number(changes, "done", -1);
        for (int i = 0; i < N_ADDS; i++)
                ck_assert_int_eq(row_fold_apply(fold, &event, changes, 0, 1, NULL), ERROR_NONE);
        ck_assert_str_eq(row_of(fold, "t", ROW_SHARED).values[1], "1800000");
        ck_assert_str_eq(row_of(fold, "t", ROW_SHARED).values[2], "-599990");
        ck_assert_int_eq(row_of(fold, "t", ROW_SHARED).sequence, N_ADDS);
}
END_TEST

/* Many rows, many changes: tables grow, garbage is collected, and every row has its last values. */
START_TEST(many_rows_keep_their_last_values)
{
        enum {
                N_ROWS = 3000,
                N_ROUNDS = 20
        };
        _cleanup_(row_fold_freep) RowFold *fold = row_fold_new(columns, ARRAY_SIZE(columns));
        static char pad[200];
        char id[32], text[256];

        memset(pad, 'x', sizeof pad - 1);
        for (int pass = 0; pass < 2; pass++) {
                for (int round = 1; round <= N_ROUNDS; round++) {
                        for (int i = 0; i < N_ROWS; i++) {
                                (void)snprintf(id, sizeof id, "row-%d", i);
                                (void)snprintf(text, sizeof text, "%d %d %s", i, round, pad);
                                if (i % 7 == 3 && round == N_ROUNDS)
                                        drop(fold, id, round, id);
                                else
                                        put(fold, id, round, id, text);
                        }
                }
                ck_assert_uint_eq(row_fold_count(fold), N_ROWS);
                for (int i = 0; i < N_ROWS; i++) {
                        (void)snprintf(id, sizeof id, "row-%d", i);
                        (void)snprintf(text, sizeof text, "%d %d %s", i, N_ROUNDS, pad);
                        ck_assert_str_eq(row_fold_at(fold, (size_t)i).id, id);
                        ck_assert_int_eq(row_of(fold, id, id).present, i % 7 != 3);
                        if (i % 7 != 3)
                                ck_assert_str_eq(row_of(fold, id, id).values[1], text);
                }
                row_fold_clear(fold);
                ck_assert_uint_eq(row_fold_count(fold), 0);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("row_fold");
        TCase *tcase = tcase_create("row_fold");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 30);
        tcase_add_test(tcase, put_gives_the_whole_row);
        tcase_add_test(tcase, nothing_comes_of_changing_what_is_not_there);
        tcase_add_test(tcase, rows_of_others_are_out_of_reach);
        tcase_add_test(tcase, an_event_is_folded_whole_or_not_at_all);
        tcase_add_test(tcase, an_earlier_event_is_no_next_one);
        tcase_add_test(tcase, fields_that_are_no_columns_can_be_left_out);
        tcase_add_test(tcase, events_of_any_aggregate_add_to_a_shared_row);
        tcase_add_test(tcase, a_number_begins_at_zero_whoever_names_it_first);
        tcase_add_test(tcase, an_add_that_does_not_fit_is_refused);
        tcase_add_test(tcase, all_give_a_shared_row_the_same_labels);
        tcase_add_test(tcase, many_adds_add_up);
        tcase_add_test(tcase, many_rows_keep_their_last_values);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
