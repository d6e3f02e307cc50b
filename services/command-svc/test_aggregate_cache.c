#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "aggregate_cache.h"

static const AggregateType small = { .name = "small", .state_size = 1000 };
static const AggregateType other = { .name = "other", .state_size = 1000 };

static CachedAggregate *add(AggregateCache *cache, const AggregateType *type, int number)
{
        char id[16];

        (void)snprintf(id, sizeof id, "a%d", number);
        return aggregate_cache_add(cache, id, aggregate_new(type));
}

START_TEST(finds_what_was_added)
{
        _cleanup_(aggregate_cache_freep) AggregateCache *cache = aggregate_cache_new(1 << 20);
        CachedAggregate *one = add(cache, &small, 1);
        CachedAggregate *same_id = add(cache, &other, 1);

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

/* A state that says how large it is. */
typedef struct Large {
        size_t bytes;
} Large;

static size_t large_bytes(const void *state)
{
        return ((const Large *)state)->bytes;
}

static const AggregateType large = {
        .name = "large",
        .state_size = sizeof(Large),
        .state_bytes = large_bytes,
};

START_TEST(the_bound_is_kept_when_states_grow)
{
        _cleanup_(aggregate_cache_freep) AggregateCache *cache = aggregate_cache_new(100000);

        for (int i = 0; i < 50; i++)
                (void)add(cache, &large, i);
        aggregate_cache_trim(cache);
        ck_assert_ptr_nonnull(aggregate_cache_find(cache, &large, "a0"));
        ((Large *)aggregate_cache_find(cache, &large, "a7")->aggregate->state)->bytes = 60000;
        aggregate_cache_trim(cache);
        ck_assert_uint_le(aggregate_cache_bytes(cache), 100000);
        ck_assert_ptr_nonnull(aggregate_cache_find(cache, &large, "a1"));
        ((Large *)aggregate_cache_find(cache, &large, "a9")->aggregate->state)->bytes = 60000;
        aggregate_cache_trim(cache);
        ck_assert_uint_le(aggregate_cache_bytes(cache), 100000);
        ck_assert_ptr_null(aggregate_cache_find(cache, &large, "a7"));
        ck_assert_ptr_nonnull(aggregate_cache_find(cache, &large, "a9"));
}
END_TEST

START_TEST(one_that_is_larger_than_the_bound_stays_alone)
{
        _cleanup_(aggregate_cache_freep) AggregateCache *cache = aggregate_cache_new(100000);

        (void)add(cache, &small, 1);
        ((Large *)add(cache, &large, 2)->aggregate->state)->bytes = 1 << 20;
        aggregate_cache_trim(cache);
        ck_assert_ptr_null(aggregate_cache_find(cache, &small, "a1"));
        ck_assert_ptr_nonnull(aggregate_cache_find(cache, &large, "a2"));
        (void)add(cache, &small, 3);
        aggregate_cache_trim(cache);
        ck_assert_ptr_null(aggregate_cache_find(cache, &large, "a2"));
        ck_assert_uint_le(aggregate_cache_bytes(cache), 100000);
}
END_TEST

/* Ids of what the walk finds. */
static void check_walk(AggregateCache *cache, const char *expected)
{
        _cleanup_(buffer_deinit) Buffer found = BUFFER_INIT;
        CachedAggregate *cached = NULL;

        while ((cached = aggregate_cache_next_used(cache, cached)))
                buffer_printf(&found, "%s ", cached->id);
        ck_assert_str_eq(buffer_text(&found), expected);
}

START_TEST(a_walk_sees_what_was_used)
{
        _cleanup_(aggregate_cache_freep) AggregateCache *cache = aggregate_cache_new(1 << 20);

        check_walk(cache, "");
        for (int i = 0; i < 4; i++)
                (void)add(cache, &small, i);
        check_walk(cache, "a3 a2 a1 a0 ");
        check_walk(cache, "");
        (void)aggregate_cache_find(cache, &small, "a1");
        aggregate_cache_trim(cache);
        (void)aggregate_cache_find(cache, &small, "a3");
        (void)aggregate_cache_find(cache, &small, "a1");
        (void)add(cache, &small, 9);
        aggregate_cache_drop(cache, &small, "a3");
        check_walk(cache, "a9 a1 ");
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
        tcase_add_test(tcase, the_bound_is_kept_when_states_grow);
        tcase_add_test(tcase, one_that_is_larger_than_the_bound_stays_alone);
        tcase_add_test(tcase, a_walk_sees_what_was_used);
        tcase_add_test(tcase, many_are_found_again);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
