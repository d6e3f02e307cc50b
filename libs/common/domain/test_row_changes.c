#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/row_changes.h"

static void check_value(const RowChange *change, size_t index, const char *field, const char *text)
{
        ck_assert_uint_lt(index, change->n_values);
        ck_assert_str_eq(change->values[index].field, field);
        if (text)
                ck_assert_str_eq(change->values[index].text, text);
        else
                ck_assert_ptr_null(change->values[index].text);
}

START_TEST(changes_in_order)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();
        const RowChange *change;

        row_put(changes, "a");
        row_string(changes, "name", "x");
        row_string(changes, "none", NULL);
        row_time(changes, "at", 1);
        row_set(changes, "b");
        row_string(changes, "name", "y");
        row_delete(changes, "c");
        ck_assert_uint_eq(row_changes_count(changes), 3);
        ck_assert_ptr_null(row_changes_fault(changes));
        change = row_changes_at(changes, 0);
        ck_assert_int_eq(change->kind, ROW_PUT);
        ck_assert_str_eq(change->id, "a");
        ck_assert_uint_eq(change->n_values, 3);
        check_value(change, 0, "name", "x");
        check_value(change, 1, "none", NULL);
        check_value(change, 2, "at", "1970-01-01T00:00:00.000001Z");
        change = row_changes_at(changes, 1);
        ck_assert_int_eq(change->kind, ROW_SET);
        check_value(change, 0, "name", "y");
        change = row_changes_at(changes, 2);
        ck_assert_int_eq(change->kind, ROW_DELETE);
        ck_assert_str_eq(change->id, "c");
        ck_assert_uint_eq(change->n_values, 0);
}
END_TEST

START_TEST(values_of_event_data)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();
        _cleanup_(json_fields_deinit) JsonFields data = JSON_FIELDS_INIT;
        static const char text[] =
                "{\"s\":\"x\\ny\",\"e\":\"\",\"n\":1.50,\"b\":true,\"z\":null,\"j\":{ \"a\": 1 }}";
        const RowChange *change;

        ck_assert_int_eq(json_fields_parse(&data, text, strlen(text), NULL), ERROR_NONE);
        row_put(changes, "a");
        for (const char *key = "senbzjx"; *key; key++) {
                static const char *const names[] = {
                        ['s'] = "s", ['e'] = "e", ['n'] = "n", ['b'] = "b",
                        ['z'] = "z", ['j'] = "j", ['x'] = "x"
                };

                row_copy(changes, names[(unsigned char)*key], &data, names[(unsigned char)*key]);
        }
        row_json(changes, "js", &data, "s");
        row_json(changes, "jz", &data, "z");
        row_json(changes, "jj", &data, "j");
        row_json(changes, "jx", &data, "x");
        change = row_changes_at(changes, 0);
        check_value(change, 0, "s", "x\ny");
        check_value(change, 1, "e", "");
        check_value(change, 2, "n", "1.50");
        check_value(change, 3, "b", "true");
        check_value(change, 4, "z", NULL);
        check_value(change, 5, "j", "{ \"a\": 1 }");
        check_value(change, 6, "x", NULL);
        check_value(change, 7, "js", "\"x\\ny\"");
        check_value(change, 8, "jz", NULL);
        check_value(change, 9, "jj", "{ \"a\": 1 }");
        check_value(change, 10, "jx", NULL);
}
END_TEST

START_TEST(the_later_value_of_a_field_counts)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();

        row_put(changes, "a");
        row_string(changes, "name", "x");
        row_string(changes, "other", "o");
        row_string(changes, "name", "y");
        ck_assert_uint_eq(row_changes_at(changes, 0)->n_values, 2);
        check_value(row_changes_at(changes, 0), 0, "name", "y");
}
END_TEST

START_TEST(texts_stay_while_it_grows)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();
        static char big[10000];
        char id[16];

        memset(big, 'x', sizeof big - 1);
        for (int round = 0; round < 3; round++) {
                row_changes_clear(changes);
                ck_assert_uint_eq(row_changes_count(changes), 0);
                for (int i = 0; i < 500; i++) {
                        (void)snprintf(id, sizeof id, "id-%d", i);
                        row_put(changes, id);
                        row_string(changes, "id", id);
                        if (i % 100 == 0)
                                row_string(changes, "big", big);
                }
                for (int i = 0; i < 500; i++) {
                        (void)snprintf(id, sizeof id, "id-%d", i);
                        ck_assert_str_eq(row_changes_at(changes, (size_t)i)->id, id);
                        check_value(row_changes_at(changes, (size_t)i), 0, "id", id);
                }
                check_value(row_changes_at(changes, 400), 1, "big", big);
        }
}
END_TEST

START_TEST(numbers_add_up)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();
        const RowChange *change;

        row_add(changes, "n");
        row_number(changes, "open", 2);
        row_string(changes, "day", "monday");
        row_number(changes, "open", -5);
        row_number(changes, "closed", INT64_MAX);
        change = row_changes_at(changes, 0);
        ck_assert_int_eq(change->kind, ROW_ADD);
        ck_assert_uint_eq(change->n_values, 3);
        ck_assert_str_eq(change->values[0].field, "open");
        ck_assert(change->values[0].added);
        ck_assert_int_eq(change->values[0].number, -3);
        check_value(change, 1, "day", "monday");
        ck_assert(!change->values[1].added);
        ck_assert_ptr_null(row_changes_fault(changes));
        row_number(changes, "closed", 1);
        ck_assert_ptr_nonnull(row_changes_fault(changes));

        /* the memory of values is used again */
        row_changes_clear(changes);
        row_add(changes, "n");
        row_number(changes, "open", 1);
        ck_assert_int_eq(row_changes_at(changes, 0)->values[0].number, 1);
}
END_TEST

START_TEST(faults_of_the_event_are_kept)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();
        _cleanup_(json_fields_deinit) JsonFields data = JSON_FIELDS_INIT;
        static const char text[] = "{\"s\":\"\\ud800\"}";

        ck_assert_int_eq(json_fields_parse(&data, text, strlen(text), NULL), ERROR_NONE);
        row_put(changes, NULL);
        row_string(changes, "name", "x");
        row_put(changes, "b");
        ck_assert_ptr_nonnull(row_changes_fault(changes));
        row_changes_clear(changes);
        ck_assert_ptr_null(row_changes_fault(changes));
        row_set(changes, "");
        ck_assert_ptr_nonnull(row_changes_fault(changes));
        row_changes_clear(changes);
        row_set(changes, "a");
        row_copy(changes, "s", &data, "s");
        ck_assert_ptr_nonnull(row_changes_fault(changes));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("row_changes");
        TCase *tcase = tcase_create("row_changes");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, changes_in_order);
        tcase_add_test(tcase, values_of_event_data);
        tcase_add_test(tcase, the_later_value_of_a_field_counts);
        tcase_add_test(tcase, texts_stay_while_it_grows);
        tcase_add_test(tcase, numbers_add_up);
        tcase_add_test(tcase, faults_of_the_event_are_kept);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
