#include <check.h>
#include <stdlib.h>

#include "build_pace.h"
#include "common/base/clock.h"

static ProjectorConfig config;
static BuildPace pace;
static BuildLook look;

static void setup(void)
{
        config = (ProjectorConfig){ .rebuild_busy_percent = 20,
                                    .rebuild_read_percent = 50,
                                    .rebuild_lag_max = 1000,
                                    .refresh_ms = 1000 };
        pace = (BuildPace){ .config = &config };
        look = (BuildLook){ .now_us = 77 * US_PER_SEC, .heads = 100, .scans = 5000, .n_builds = 1 };
        /* what is not known is taken for busy */
        ck_assert_int_eq(build_pace_percent(&pace, &look), 50);
}

static int after(int64_t us)
{
        look.now_us += us;
        return build_pace_percent(&pace, &look);
}

START_TEST(alone_it_works_all_the_time)
{
        ck_assert_int_eq(after(US_PER_SEC), 100);
        look.scans += 10; /* somebody looks at a row now and then */
        ck_assert_int_eq(after(US_PER_SEC), 100);
        look.n_builds = 3;
        ck_assert_int_eq(after(US_PER_SEC), 100);
}
END_TEST

START_TEST(readers_are_made_way_for)
{
        ck_assert_int_eq(after(US_PER_SEC), 100);
        look.scans += 50;
        ck_assert_int_eq(after(US_PER_MS), 100); /* not counted yet */
        ck_assert_int_eq(after(US_PER_SEC - US_PER_MS), 50);
        ck_assert_int_eq(after(2 * US_PER_SEC), 50); /* they may come in bursts */
        ck_assert_int_eq(after(US_PER_SEC), 100);
        look.scans += 1000;
        look.n_builds = 3;
        ck_assert_int_eq(after(10 * US_PER_SEC), 16);
        look.scans = 0; /* counted anew */
        ck_assert_int_eq(after(3 * US_PER_SEC), 100);
        build_pace_rest(&pace, &look);
        ck_assert_int_eq(after(US_PER_SEC), 16);
}
END_TEST

START_TEST(commands_are_made_way_for)
{
        ck_assert_int_eq(after(US_PER_SEC), 100);
        look.heads++;
        ck_assert_int_eq(after(US_PER_MS), 20);
        ck_assert_int_eq(after(3 * US_PER_SEC - 1), 20);
        ck_assert_int_eq(after(1), 100);
        config.refresh_ms = 10000; /* so seldom do workers look at the heads */
        look.heads++;
        ck_assert_int_eq(after(US_PER_MS), 20);
        ck_assert_int_eq(after(30 * US_PER_SEC - 1), 20);
        ck_assert_int_eq(after(1), 100);
        config.refresh_ms = 1000;
        look.heads = 0; /* no view has a session */
        ck_assert_int_eq(after(US_PER_SEC), 100);
        look.heads = 200;
        ck_assert_int_eq(after(US_PER_SEC), 100);
        look.heads++; /* before the build begins */
        look.now_us += US_PER_SEC;
        build_pace_rest(&pace, &look);
        ck_assert_int_eq(after(US_PER_SEC), 20);
        ck_assert_int_eq(after(10 * US_PER_SEC), 100);
        look.heads++;
        look.scans += 10000;
        ck_assert_int_eq(after(US_PER_SEC), 20);
}
END_TEST

START_TEST(live_views_come_first)
{
        ck_assert_int_eq(after(US_PER_SEC), 100);
        look.lag = 1000;
        ck_assert_int_eq(after(US_PER_SEC), 100);
        look.lag = 1001;
        ck_assert_int_eq(after(US_PER_SEC), 10);
        look.n_builds = 40;
        ck_assert_int_eq(after(US_PER_SEC), 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("build_pace");
        TCase *tcase = tcase_create("build_pace");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_test(tcase, alone_it_works_all_the_time);
        tcase_add_test(tcase, readers_are_made_way_for);
        tcase_add_test(tcase, commands_are_made_way_for);
        tcase_add_test(tcase, live_views_come_first);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
