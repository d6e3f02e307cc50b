#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "aggregate_cache.h"

static const AggregateType small = { .name = "small", .state_size = 1000 };
static const AggregateType other = { .name = "other", .state_size = 1000 };

static Aggregate *add(AggregateCache *cache, const AggregateType *type, int number)
{
        char id[16];

        (void)snprintf(id, sizeof id, "a%d", number);
        return aggregate_cache_add(cache, id, aggregate_new(type));
}

START_TEST(finds_what_was_added)
{
        _cleanup_(aggregate_cache_freep) AggregateCache *cache = aggregate_cache_new(1 << 20);
        Aggregate *one = add(cache, &small, 1);
        Aggregate *same_id = add(cache, &other, 1);

        ck_assert_ptr_eq(aggregate_cache_find(cache, &small, "a1"), one);
        ck_assert_ptr_eq(aggregate_cache_find(cache, &other, "a1"), same_id);
        ck_assert_ptr_null(aggregate_cache_find(cache, &small, "a2"));
        aggregate_cache_drop(cache, &small, "a1");
        aggregate_cache_drop(cache, &small, "a1");
        ck_assert_ptr_null(aggregate_cache_find(cache, &small, "a1"));
        ck_assert_ptr_eq(aggregate_cache_find(cache, &other, "a1"), same_id);
}
END_TEST

START_TEST(least_recently_used_goes_first)
{
        _cleanup_(aggregate_cache_freep) AggregateCache *cache = aggregate_cache_new(12000);

        for (int i = 0; i < 10; i++)
                (void)add(cache, &small, i);
        aggregate_cache_trim(cache);
        ck_assert_ptr_nonnull(aggregate_cache_find(cache, &small, "a0"));
        for (int i = 10; i < 15; i++)
                (void)add(cache, &small, i);
        aggregate_cache_trim(cache);
        ck_assert_ptr_nonnull(aggregate_cache_find(cache, &small, "a0"));
        ck_assert_ptr_nonnull(aggregate_cache_find(cache, &small, "a14"));
        ck_assert_ptr_null(aggregate_cache_find(cache, &small, "a1"));
        ck_assert_ptr_null(aggregate_cache_find(cache, &small, "a2"));
}
END_TEST

START_TEST(many_are_found_again)
{
        _cleanup_(aggregate_cache_freep) AggregateCache *cache = aggregate_cache_new(1 << 30);
        char id[16];

        for (int i = 0; i < 5000; i++)
                (void)add(cache, &small, i);
        aggregate_cache_trim(cache);
        for (int i = 0; i < 5000; i++) {
                (void)snprintf(id, sizeof id, "a%d", i);
                ck_assert_ptr_nonnull(aggregate_cache_find(cache, &small, id));
        }
        aggregate_cache_clear(cache);
        ck_assert_ptr_null(aggregate_cache_find(cache, &small, "a0"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("aggregate_cache");
        TCase *tcase = tcase_create("aggregate_cache");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, finds_what_was_added);
        tcase_add_test(tcase, least_recently_used_goes_first);
        tcase_add_test(tcase, many_are_found_again);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
