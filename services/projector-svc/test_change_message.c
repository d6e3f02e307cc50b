#include "change_message.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SPAN(literal) ((JsonSpan){ (literal), sizeof(literal) - 1 })

static const struct {
        const char *id, *aggregate, *key;
} keys[] = {
        { "p1", "p1", "p1" },      { "billing", "p1", "p1/billing" },
        { "a/b", "a/b", "a%2Fb" }, /* not the key of b in a */
        { "b", "a", "a/b" },       { "50%", "x", "x/50%25" },
        { NULL, NULL, "%reset" },  { "%reset", "%reset", "%25reset" },
};

START_TEST(every_row_has_a_key_of_its_own)
{
        _cleanup_(buffer_deinit) Buffer key = BUFFER_INIT;
        Change change = { .id = keys[_i].id, .aggregate_id = keys[_i].aggregate };

        change_message_key(&key, &change);
        ck_assert_str_eq(buffer_text(&key), keys[_i].key);
}
END_TEST

START_TEST(images_say_what_happened)
{
        const ChangeTopic topic = { .partitions = 3 };
        Change change = { .id = "a", .aggregate_id = "a", .new_row = SPAN("{}") };

        ck_assert_str_eq(change_kind(&change), "created");
        ck_assert_uint_eq(change_message_count(&topic, &change), 1);
        change.old_row = SPAN("{\"id\":\"a\"}");
        ck_assert_str_eq(change_kind(&change), "updated");
        change.new_row = (JsonSpan){ 0 };
        ck_assert_str_eq(change_kind(&change), "deleted");
        ck_assert_uint_eq(change_message_count(&topic, &change), 2);
        ck_assert_str_eq(change_kind(&(Change){ 0 }), "reset");
        ck_assert_uint_eq(change_message_count(&topic, &(Change){ 0 }), 3);
}
END_TEST

START_TEST(images_too_large_are_left_out_and_named)
{
        _cleanup_(buffer_deinit) Buffer value = BUFFER_INIT;
        _cleanup_(freep) char *large = malloc(6000000);
        Change change = { .change_position = 7, .id = "a", .aggregate_id = "a" };

        memset(large, ' ', 6000000);
        change.old_row = change.new_row = (JsonSpan){ large, 6000000 };
        change_message_value(&value, "book", &change);
        ck_assert_ptr_nonnull(strstr(value.data, "\"omitted\":[\"old\"],\"old\":null,\"new\":  "));
        ck_assert_uint_gt(value.size, 6000000);

        buffer_clear(&value);
        change.old_row = SPAN("{}");
        change_message_value(&value, "book", &change);
        ck_assert_ptr_null(strstr(value.data, "omitted"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("change_message");
        TCase *tcase = tcase_create("change_message");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_loop_test(tcase, every_row_has_a_key_of_its_own, 0, (int)ARRAY_SIZE(keys));
        tcase_add_test(tcase, images_say_what_happened);
        tcase_add_test(tcase, images_too_large_are_left_out_and_named);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
