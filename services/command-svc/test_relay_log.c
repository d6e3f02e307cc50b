#include <check.h>
#include <stdlib.h>

#include "relay_log.h"

/* @n events whose positions begin at @first. */
static StoredEvents *make_events(int64_t first, int n)
{
        StoredEventsHead head = { .aggregate_type = "thing",
                                  .aggregate_id = "a",
                                  .correlation_id = "c",
                                  .metadata = { "{}", 2 },
                                  .first_sequence = 1 };
        _cleanup_(event_list_deinit) EventList list = EVENT_LIST_INIT;
        StoredEvents *events;

        for (int i = 0; i < n; i++) {
                event_begin(&list, "ThingHappened", 1);
                event_int(&list, "number", i);
                event_end(&list);
        }
        events = stored_events_new(&head, &list);
        stored_events_place(events, 0, first, 1);
        return events;
}

static void offer(RelayLog *log, int64_t first, int n)
{
        _cleanup_(stored_events_unrefp) StoredEvents *events = make_events(first, n);

        relay_log_offer(log, events);
}

static int64_t take(RelayLog *log, int64_t position)
{
        _cleanup_(stored_events_unrefp) StoredEvents *events = relay_log_take(log, position);

        return events ? stored_events_at(events, 0)->position : 0;
}

static void init(RelayLog *log, size_t bytes_max)
{
        relay_log_init(log, "thing", 0, "skafu", bytes_max);
        relay_log_rewind(log, 0);
        atomic_store(&log->leased, true);
}

START_TEST(offers_come_in_order)
{
        _cleanup_(relay_log_deinit) RelayLog log;

        init(&log, 1 << 20);
        ck_assert_str_eq(log.topic, "skafu.thing.events");
        for (int64_t i = 1; i < 1000; i += 2)
                offer(&log, i, 2);
        ck_assert_int_eq(atomic_load(&log.committed), 1000);
        for (int64_t i = 1; i < 1000; i += 2)
                ck_assert_int_eq(take(&log, i), i);
        ck_assert_int_eq(take(&log, 1001), 0);
}
END_TEST

START_TEST(a_hole_is_left_to_the_store)
{
        _cleanup_(relay_log_deinit) RelayLog log;

        init(&log, 1 << 20);
        offer(&log, 1, 1);
        offer(&log, 4, 2); /* 2 and 3 are another instance's */
        ck_assert_int_eq(take(&log, 1), 1);
        ck_assert_int_eq(take(&log, 2), 0);
        ck_assert_int_eq(take(&log, 4), 4);
}
END_TEST

START_TEST(what_was_published_already_is_dropped)
{
        _cleanup_(relay_log_deinit) RelayLog log;

        init(&log, 1 << 20);
        offer(&log, 1, 1);
        offer(&log, 2, 3);
        ck_assert_int_eq(take(&log, 3), 2); /* reaches 3 */
        offer(&log, 5, 1);
        ck_assert_int_eq(take(&log, 6), 0);
        ck_assert_int_eq(log.n_offers, 0);
}
END_TEST

START_TEST(memory_is_bounded)
{
        _cleanup_(relay_log_deinit) RelayLog log;

        init(&log, 4096);
        for (int64_t i = 1; i <= 1000; i++)
                offer(&log, i, 1);
        ck_assert_int_eq(atomic_load(&log.committed), 1000);
        ck_assert_uint_le(log.offer_bytes, 4096);
        ck_assert_uint_lt(log.n_offers, 100);
        ck_assert_int_eq(take(&log, 1), 1);
        atomic_store(&log.leased, false);
        relay_log_drop_offers(&log);
        offer(&log, 1001, 1);
        ck_assert_uint_eq(log.n_offers, 0);
        ck_assert_uint_eq(log.offer_bytes, 0);
}
END_TEST

START_TEST(what_the_producer_has_is_bounded)
{
        _cleanup_(relay_log_deinit) RelayLog log;

        init(&log, 1 << 20);
        ck_assert_int_eq(relay_log_read_size(&log, 1000), 1000);
        while (relay_log_has_room(&log, 1000)) {
                log.produced++;
                relay_log_note_queued(&log, 10000);
        }
        ck_assert_int_eq(log.produced, (1 << 20) / 10000 + 1);
        ck_assert_int_eq(relay_log_read_size(&log, 1000), 64);
        while (log.acknowledged < log.produced) {
                log.acknowledged++;
                relay_log_note_reported(&log, 10000);
        }
        ck_assert_int_eq(log.queued_bytes, 0);
        ck_assert_int_eq(relay_log_read_size(&log, 1000), (1 << 20) / log.event_bytes);
        ck_assert(relay_log_has_room(&log, 1000));
        log.produced += 1000; /* of whatever size */
        ck_assert(!relay_log_has_room(&log, 1000));
}
END_TEST

START_TEST(acknowledgements_leave_marks)
{
        _cleanup_(relay_log_deinit) RelayLog log;
        int64_t now_us = 1000000;

        init(&log, 1 << 20);
        log.produced = 1000;
        relay_log_acknowledge(&log, now_us);
        relay_log_acknowledge(&log, now_us + 10000); /* close by: the same mark */
        relay_log_acknowledge(&log, now_us + 30000);
        ck_assert_uint_eq(log.n_marks, 2);
        ck_assert_int_eq(log.marks[0].position, 2);
        ck_assert_int_eq(log.marks[0].at_us, now_us + 10000);
        ck_assert_int_eq(log.marks[1].position, 3);

        for (int i = 4; i <= 1000; i++) /* nobody notes them: the last mark takes it all */
                relay_log_acknowledge(&log, now_us + i * INT64_C(100000));
        ck_assert_uint_eq(log.n_marks, RELAY_MARKS_MAX);
        ck_assert_int_eq(log.marks[RELAY_MARKS_MAX - 1].position, log.acknowledged);
        ck_assert_int_eq(log.marks[RELAY_MARKS_MAX - 1].at_us, now_us + 100000000);
        relay_log_rewind(&log, 7);
        ck_assert_uint_eq(log.n_marks, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("relay_log");
        TCase *tcase = tcase_create("relay_log");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, offers_come_in_order);
        tcase_add_test(tcase, a_hole_is_left_to_the_store);
        tcase_add_test(tcase, what_was_published_already_is_dropped);
        tcase_add_test(tcase, memory_is_bounded);
        tcase_add_test(tcase, what_the_producer_has_is_bounded);
        tcase_add_test(tcase, acknowledgements_leave_marks);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
