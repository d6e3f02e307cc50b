#include <check.h>
#include <stdlib.h>

#include "feed.h"

static void fail_at(Feed *feed, int64_t position, const char *message)
{
        Error err;

        (void)error_set(&err, ERROR_INVALID, "%s", message);
        feed->next_position = position - 1;
        feed_fail(feed, &err);
        ck_assert(feed->held_by_event);
}

START_TEST(tries_of_one_event_are_counted)
{
        Feed feed = { .position = 1 };

        for (int64_t n = 1; n <= 3; n++) {
                fail_at(&feed, 2, "two");
                ck_assert_int_eq(feed.failed_position, 2);
                ck_assert_int_eq(feed.tries, n);
        }
}
END_TEST

/* A batch is filled while the one before is written: the later failure is met first, each time. */
START_TEST(a_later_failure_does_not_hide_an_earlier_one)
{
        Feed feed = { .position = 1 };

        for (int64_t n = 1; n <= 3; n++) {
                fail_at(&feed, 4, "four");
                fail_at(&feed, 2, "two");
                ck_assert_int_eq(feed.failed_position, 2);
                ck_assert_int_eq(feed.tries, n);
                ck_assert_str_eq(feed.failure.message, "two");
        }
}
END_TEST

START_TEST(what_is_applied_is_no_failure_any_more)
{
        Feed feed = { .position = 1 };

        fail_at(&feed, 2, "two");
        feed.position = 3;
        fail_at(&feed, 4, "four");
        ck_assert_int_eq(feed.failed_position, 4);
        ck_assert_int_eq(feed.tries, 1);

        /* read again from before: the same position is another try only while it is ahead */
        feed.position = 4;
        fail_at(&feed, 5, "five");
        fail_at(&feed, 5, "five");
        ck_assert_int_eq(feed.tries, 2);
}
END_TEST

/* Two workers of one process: the one that took the log partition last says how far it is. */
START_TEST(a_former_owner_is_not_heard)
{
        static const AggregateType shelf = { .name = "shelf" };
        FeedList first = { .feeds = NULL }, second = { .feeds = NULL };
        Feed *ours = feed_list_get(&first, &shelf, 0, "skafu", "book");
        Feed *theirs = feed_list_get(&second, &shelf, 0, "skafu", "book");

        ck_assert_ptr_eq(ours->lag, theirs->lag);
        feed_take(ours);
        feed_set_lag(ours, 5);
        feed_set_lag_time(ours, 50);
        feed_take(theirs);
        feed_set_lag(theirs, 7);
        feed_set_lag_time(theirs, 70);
        feed_set_lag(ours, 6);
        feed_release(ours);
        ck_assert_int_eq(metric_value(theirs->lag), 7);
        ck_assert_int_eq(metric_value(theirs->lag_time), 70);
        feed_release(theirs);
        ck_assert_int_eq(metric_value(theirs->lag), 0);
        ck_assert_int_eq(metric_value(theirs->lag_time), 0);
        feed_list_deinit(&first);
        feed_list_deinit(&second);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("feed");
        TCase *tcase = tcase_create("feed");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, tries_of_one_event_are_counted);
        tcase_add_test(tcase, a_later_failure_does_not_hide_an_earlier_one);
        tcase_add_test(tcase, what_is_applied_is_no_failure_any_more);
        tcase_add_test(tcase, a_former_owner_is_not_heard);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
