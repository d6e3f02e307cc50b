#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/event_list.h"

static void check_data(const EventList *list, size_t index, const char *expected)
{
        JsonSpan data = event_list_data(list, index);

        ck_assert_uint_eq(data.size, strlen(expected));
        ck_assert_int_eq(memcmp(data.text, expected, data.size), 0);
}

START_TEST(fields_are_written_in_order)
{
        _cleanup_(event_list_deinit) EventList list = EVENT_LIST_INIT;
        _cleanup_(json_fields_deinit) JsonFields payload = JSON_FIELDS_INIT;
        static const char text[] = "{\"a\":\"\\u0061\",\"b\": { \"c\" : 1.50 } ,\"n\":null}";
        Command command = { .payload = &payload };

        ck_assert_int_eq(json_fields_parse(&payload, text, strlen(text), NULL), ERROR_NONE);
        event_begin(&list, "ThingMade", 3);
        event_string(&list, "s", "x\"y");
        event_string(&list, "none", NULL);
        event_int(&list, "i", -5);
        event_time(&list, "t", 0);
        event_raw(&list, "r", (JsonSpan){ "[1]", 3 });
        event_raw(&list, "absent", (JsonSpan){ NULL, 0 });
        event_copy(&list, &command, "a");
        event_copy(&list, &command, "b");
        event_copy(&list, &command, "n");
        event_copy(&list, &command, "absent");
        event_end(&list);
        ck_assert_uint_eq(list.n_events, 1);
        ck_assert_str_eq(list.events[0].type, "ThingMade");
        ck_assert_int_eq(list.events[0].version, 3);
        check_data(
                &list, 0,
                "{\"s\":\"x\\\"y\",\"none\":null,\"i\":-5,\"t\":\"1970-01-01T00:00:00.000000Z\",\"r\":[1],"
                "\"a\":\"\\u0061\",\"b\":{ \"c\" : 1.50 },\"n\":null}");
}
END_TEST

START_TEST(events_stand_side_by_side)
{
        _cleanup_(event_list_deinit) EventList list = EVENT_LIST_INIT;

        for (int i = 0; i < EVENT_LIST_MAX; i++) {
                ck_assert_uint_eq(event_room(&list), (size_t)(EVENT_LIST_MAX - i));
                event_begin(&list, "ThingMade", 1);
                event_int(&list, "i", i);
                event_end(&list);
        }
        ck_assert_uint_eq(event_room(&list), 0);
        check_data(&list, 0, "{\"i\":0}");
        check_data(&list, 1, "{\"i\":1}");
        check_data(&list, EVENT_LIST_MAX - 1, "{\"i\":63}");
        event_list_clear(&list);
        ck_assert_uint_eq(event_room(&list), EVENT_LIST_MAX);
        event_begin(&list, "ThingMade", 1);
        event_end(&list);
        check_data(&list, 0, "{}");
}
END_TEST

static void make(EventList *list, size_t value_size)
{
        static char value[100];

        memset(value, 'x', sizeof value);
        value[value_size] = '\0';
        event_begin(list, "ThingMade", 1);
        event_string(list, "s", value);
        event_end(list);
}

/* {"s":"…"} takes 8 bytes more than its value. */
START_TEST(what_is_too_much_is_told)
{
        _cleanup_(event_list_deinit) EventList list = { .event_bytes_max = 58, .bytes_max = 100 };
        Error err = ERROR_INIT;

        make(&list, 50);
        make(&list, 34);
        ck_assert_int_eq(event_list_check(&list, &err), ERROR_NONE);
        make(&list, 0);
        ck_assert_int_eq(event_list_check(&list, &err), ERROR_TOO_LARGE);
        ck_assert_str_eq(err.message, "the command makes events of more than 100 bytes together");
        ck_assert_uint_eq(list.n_events, 2);

        event_list_clear(&list);
        make(&list, 51);
        make(&list, 1);
        ck_assert_int_eq(event_list_check(&list, &err), ERROR_TOO_LARGE);
        ck_assert_str_eq(err.message, "the command makes an event of more than 58 bytes");
        ck_assert_uint_eq(list.n_events, 0);
        ck_assert_uint_eq(list.text.size, 0);

        event_list_clear(&list);
        list.bytes_max = 0;
        for (int i = 0; i < EVENT_LIST_MAX; i++)
                make(&list, 50);
        ck_assert_int_eq(event_list_check(&list, &err), ERROR_NONE);
        make(&list, 50);
        ck_assert_int_eq(event_list_check(&list, &err), ERROR_INVALID);
        ck_assert_str_eq(err.message, "the command makes more than 64 events");
        ck_assert_uint_eq(list.n_events, EVENT_LIST_MAX);

        event_list_clear(&list);
        make(&list, 1);
        ck_assert_int_eq(event_list_check(&list, &err), ERROR_NONE);
        check_data(&list, 0, "{\"s\":\"x\"}");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("event_list");
        TCase *tcase = tcase_create("event_list");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, fields_are_written_in_order);
        tcase_add_test(tcase, events_stand_side_by_side);
        tcase_add_test(tcase, what_is_too_much_is_told);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
