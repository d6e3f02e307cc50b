#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "parked_set.h"

static ParkedSet set;
static Feed feeds[2];

static void teardown(void)
{
        parked_set_deinit(&set);
}

START_TEST(an_empty_set_has_nothing)
{
        ck_assert(!parked_set_has(&set, &feeds[0], "a"));
        parked_set_remove(&set, &feeds[0], "a");
        parked_set_forget(&set, &feeds[0]);
        parked_set_clear(&set);
        ck_assert_uint_eq(parked_set_count(&set), 0);
}
END_TEST

START_TEST(an_aggregate_belongs_to_its_feed)
{
        parked_set_add(&set, &feeds[0], "a");
        parked_set_add(&set, &feeds[0], "a");
        ck_assert_uint_eq(parked_set_count(&set), 1);
        ck_assert(parked_set_has(&set, &feeds[0], "a"));
        ck_assert(!parked_set_has(&set, &feeds[1], "a"));
        ck_assert(!parked_set_has(&set, &feeds[0], "b"));
        ck_assert(!parked_set_has(&set, &feeds[0], ""));
        parked_set_remove(&set, &feeds[1], "a");
        ck_assert(parked_set_has(&set, &feeds[0], "a"));
        parked_set_remove(&set, &feeds[0], "a");
        ck_assert(!parked_set_has(&set, &feeds[0], "a"));
}
END_TEST

/* Every third one is taken out again, then a whole feed. */
START_TEST(many_come_and_go)
{
        char id[32];

        for (int i = 0; i < 3000; i++) {
                (void)snprintf(id, sizeof id, "aggregate-%d", i);
                parked_set_add(&set, &feeds[i % 2], id);
        }
        for (int i = 0; i < 3000; i += 3) {
                (void)snprintf(id, sizeof id, "aggregate-%d", i);
                parked_set_remove(&set, &feeds[i % 2], id);
        }
        ck_assert_uint_eq(parked_set_count(&set), 2000);
        for (int i = 0; i < 3000; i++) {
                (void)snprintf(id, sizeof id, "aggregate-%d", i);
                ck_assert(parked_set_has(&set, &feeds[i % 2], id) == (i % 3 != 0));
        }
        parked_set_forget(&set, &feeds[1]);
        ck_assert_uint_eq(parked_set_count(&set), 1000);
        ck_assert(parked_set_has(&set, &feeds[0], "aggregate-2"));
        ck_assert(!parked_set_has(&set, &feeds[1], "aggregate-1"));
        parked_set_clear(&set);
        ck_assert(!parked_set_has(&set, &feeds[0], "aggregate-2"));
        parked_set_add(&set, &feeds[0], "aggregate-2");
        ck_assert(parked_set_has(&set, &feeds[0], "aggregate-2"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("parked_set");
        TCase *tcase = tcase_create("parked_set");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, NULL, teardown);
        tcase_add_test(tcase, an_empty_set_has_nothing);
        tcase_add_test(tcase, an_aggregate_belongs_to_its_feed);
        tcase_add_test(tcase, many_come_and_go);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
