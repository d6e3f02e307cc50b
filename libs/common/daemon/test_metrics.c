#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/daemon/metrics.h"

static Buffer text;

static void teardown(void)
{
        buffer_deinit(&text);
}

static void expect(const char *part)
{
        buffer_clear(&text);
        metrics_write(&text);
        ck_assert_msg(strstr(buffer_text(&text), part), "%s lacks %s", buffer_text(&text), part);
}

START_TEST(counters_and_gauges)
{
        Metric *total = metric_counter("skafu_a_total", NULL, "How many.");
        Metric *level = metric_gauge("skafu_b", "view=\"x\"", "How full.");

        metric_add(total, 2);
        metric_add(total, 3);
        metric_set(level, 7);
        metric_add(level, -9);
        ck_assert_int_eq(metric_value(total), 5);
        expect("# HELP skafu_a_total How many.\n# TYPE skafu_a_total counter\nskafu_a_total 5\n");
        expect("# TYPE skafu_b gauge\nskafu_b{view=\"x\"} -2\n");
}
END_TEST

START_TEST(several_add_to_a_gauge)
{
        Metric *level = metric_gauge("skafu_parts", NULL, "How full.");
        int64_t ours = 0, theirs = 0;

        metric_set_part(level, &ours, 3);
        metric_set_part(level, &theirs, 4);
        metric_set_part(level, &ours, 1);
        ck_assert_int_eq(metric_value(level), 5);
        metric_set_part(level, &theirs, 0);
        ck_assert_int_eq(metric_value(level), 1);
}
END_TEST

START_TEST(a_gauge_is_of_whoever_took_it_last)
{
        Metric *level = metric_gauge("skafu_owned", NULL, "How full.");
        int first, second;

        ck_assert(!metric_is_of(level, &first));
        metric_take(level, &first);
        ck_assert(metric_is_of(level, &first));
        metric_take(level, &second);
        ck_assert(!metric_is_of(level, &first));
        ck_assert(metric_is_of(level, &second));
}
END_TEST

START_TEST(durations_are_gauges_in_seconds)
{
        Metric *age = metric_duration("skafu_age_seconds", "view=\"x\"", "How old.");

        expect("# HELP skafu_age_seconds How old.\n# TYPE skafu_age_seconds gauge\n"
               "skafu_age_seconds{view=\"x\"} 0.000000\n");
        metric_set_us(age, 2500001);
        expect("\nskafu_age_seconds{view=\"x\"} 2.500001\n");
        metric_set_us(age, -7); /* two clocks that disagree */
        expect("\nskafu_age_seconds{view=\"x\"} 0.000000\n");
}
END_TEST

START_TEST(the_same_name_and_labels_are_one_metric)
{
        Metric *x = metric_counter("skafu_c_total", "l=\"x\"", "C.");
        Metric *between = metric_counter("skafu_d_total", NULL, "D.");
        Metric *y = metric_counter("skafu_c_total", "l=\"y\"", "C.");

        ck_assert_ptr_ne(x, y);
        ck_assert_ptr_eq(x, metric_counter("skafu_c_total", "l=\"x\"", "C."));
        ck_assert_ptr_eq(between, metric_counter("skafu_d_total", NULL, "D."));
        /* one head, and all of a name together */
        expect("# TYPE skafu_c_total counter\nskafu_c_total{l=\"x\"} 0\nskafu_c_total{l=\"y\"} 0\n#");
}
END_TEST

START_TEST(histograms_are_in_seconds_and_cumulative)
{
        Metric *h = metric_histogram("skafu_e_seconds", "s=\"1\"", "E.");

        metric_observe_us(h, 0);
        metric_observe_us(h, 100); /* bounds belong to their bucket */
        metric_observe_us(h, 101);
        metric_observe_us(h, -5); /* counted as 0 */
        metric_observe_us(h, 2000000);
        metric_observe_us(h, 999000000);
        expect("skafu_e_seconds_bucket{s=\"1\",le=\"0.0001\"} 3\n"
               "skafu_e_seconds_bucket{s=\"1\",le=\"0.00025\"} 4\n");
        expect("skafu_e_seconds_bucket{s=\"1\",le=\"1\"} 4\n"
               "skafu_e_seconds_bucket{s=\"1\",le=\"2.5\"} 5\n");
        expect("skafu_e_seconds_bucket{s=\"1\",le=\"300\"} 5\n"
               "skafu_e_seconds_bucket{s=\"1\",le=\"+Inf\"} 6\n"
               "skafu_e_seconds_sum{s=\"1\"} 1001.000201\nskafu_e_seconds_count{s=\"1\"} 6\n");
        (void)metric_histogram("skafu_f_seconds", NULL, "F.");
        expect("skafu_f_seconds_bucket{le=\"+Inf\"} 0\nskafu_f_seconds_sum 0.000000\n"
               "skafu_f_seconds_count 0\n");
}
END_TEST

static void *work(void *data)
{
        Metric *histogram = data;

        for (int i = 0; i < 10000; i++) {
                metric_observe_us(histogram, i);
                metric_add(metric_counter("skafu_g_total", NULL, "G."), 1);
        }
        return NULL;
}

START_TEST(threads_lose_nothing)
{
        Metric *histogram = metric_histogram("skafu_h_seconds", NULL, "H.");
        pthread_t threads[4];

        for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, work, histogram), 0);
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
                (void)pthread_join(threads[i], NULL);
        expect("skafu_h_seconds_count 40000\n");
        expect("skafu_g_total 40000\n");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("metrics");
        TCase *tcase = tcase_create("metrics");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, NULL, teardown);
        tcase_add_test(tcase, counters_and_gauges);
        tcase_add_test(tcase, several_add_to_a_gauge);
        tcase_add_test(tcase, a_gauge_is_of_whoever_took_it_last);
        tcase_add_test(tcase, durations_are_gauges_in_seconds);
        tcase_add_test(tcase, the_same_name_and_labels_are_one_metric);
        tcase_add_test(tcase, histograms_are_in_seconds_and_cumulative);
        tcase_add_test(tcase, threads_lose_nothing);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
