#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"

/* Texts of all sizes, numbers between them: nothing moves, nothing overlaps, all numbers are aligned. */
static void fill(Arena *arena)
{
        enum {
                N = 2000
        };
        static char *texts[N];
        static size_t sizes[N];
        static uint64_t *numbers[N];
        static char text[200000];

        for (size_t i = 0; i < N; i++) {
                sizes[i] = i % 400 == 7 ? 100 * i + 1 : i * 7919 % 300;
                memset(text, 'a' + (int)(i % 26), sizes[i]);
                texts[i] = arena_copy_n(arena, text, sizes[i]);
                numbers[i] = arena_alloc(arena, i % 5 + 1, sizeof(uint64_t));
                ck_assert_uint_eq((uintptr_t)numbers[i] % _Alignof(max_align_t), 0);
                for (size_t n = 0; n <= i % 5; n++) {
                        ck_assert_uint_eq(numbers[i][n], 0);
                        numbers[i][n] = i;
                }
        }
        for (size_t i = 0; i < N; i++) {
                ck_assert_uint_eq(strlen(texts[i]), sizes[i]);
                ck_assert_uint_eq(strspn(texts[i], (char[]){ (char)('a' + (int)(i % 26)), '\0' }),
                                  sizes[i]);
                for (size_t n = 0; n <= i % 5; n++)
                        ck_assert_uint_eq(numbers[i][n], i);
        }
}

START_TEST(things_stay_as_they_are)
{
        Arena arena = ARENA_INIT;

        fill(&arena);
        for (int i = 0; i < 3; i++) {
                ck_assert_uint_gt(arena.used, 100000);
                arena_clear(&arena);
                ck_assert_uint_eq(arena.used, 0);
                fill(&arena);
        }
        arena_deinit(&arena);
        ck_assert_uint_eq(arena.used, 0);
        ck_assert_str_eq(arena_copy(&arena, "again"), "again");
        ck_assert_uint_eq(arena.used, 6);
        arena_deinit(&arena);
}
END_TEST

START_TEST(nothing_takes_little)
{
        Arena arena = ARENA_INIT;

        arena_clear(&arena);
        ck_assert_str_eq(arena_copy_n(&arena, NULL, 0), "");
        ck_assert_ptr_nonnull(arena_alloc(&arena, 0, 8));
        ck_assert_uint_eq(arena.used, 1);
        arena_deinit(&arena);
        arena_deinit(&arena);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("arena");
        TCase *tcase = tcase_create("arena");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, things_stay_as_they_are);
        tcase_add_test(tcase, nothing_takes_little);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
