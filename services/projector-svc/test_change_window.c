#include "change_window.h"

#include <check.h>
#include <stdlib.h>

static ChangeWindow window;

static void set_up(void)
{
        change_window_init(&window, 5);
        change_window_reset(&window, 10);
}

static void tear_down(void)
{
        change_window_deinit(&window);
}

START_TEST(only_what_is_complete_has_arrived)
{
        ck_assert_int_eq(change_window_add(&window, 1), 11);
        ck_assert_int_eq(change_window_add(&window, 2), 12);
        ck_assert_int_eq(change_window_add(&window, 1), 13);

        change_window_ack(&window, 13);
        change_window_ack(&window, 12);
        ck_assert_int_eq(window.arrived, 10);
        change_window_ack(&window, 11);
        ck_assert_int_eq(window.arrived, 11);
        change_window_ack(&window, 12);
        ck_assert_int_eq(window.arrived, 13);
}
END_TEST

START_TEST(room_comes_back_in_order)
{
        ck_assert_uint_eq(change_window_room(&window), 8);
        for (int i = 0; i < 8; i++)
                (void)change_window_add(&window, 1);
        ck_assert_uint_eq(change_window_room(&window), 0);
        for (int64_t position = 18; position > 11; position--)
                change_window_ack(&window, position);
        ck_assert_uint_eq(change_window_room(&window), 0);
        change_window_ack(&window, 11);
        ck_assert_uint_eq(change_window_room(&window), 8);
        ck_assert_int_eq(change_window_add(&window, 1), 19);
}
END_TEST

START_TEST(a_reset_forgets_what_was_on_its_way)
{
        (void)change_window_add(&window, 2);
        change_window_reset(&window, 3);
        ck_assert_int_eq(change_window_add(&window, 1), 4);
        change_window_ack(&window, 4);
        ck_assert_int_eq(window.arrived, 4);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("change_window");
        TCase *tcase = tcase_create("change_window");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_add_test(tcase, only_what_is_complete_has_arrived);
        tcase_add_test(tcase, room_comes_back_in_order);
        tcase_add_test(tcase, a_reset_forgets_what_was_on_its_way);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
