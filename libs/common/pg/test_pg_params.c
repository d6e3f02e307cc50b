#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/pg/pg_params.h"

static void expect_bytes(const PgParamView *view, int index, const void *expected, size_t size)
{
        ck_assert_int_lt(index, view->n);
        ck_assert_int_eq(view->lengths[index], (int)size);
        ck_assert_mem_eq(view->values[index], expected, size);
}

START_TEST(scalars_are_big_endian)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        PgParamView view;

        pg_params_int32(params, -2);
        pg_params_int64(params, INT64_C(0x0102030405060708));
        pg_params_bool(params, true);
        view = pg_params_view(params);
        ck_assert_int_eq(view.n, 3);
        ck_assert_uint_eq(view.types[0], 23);
        expect_bytes(&view, 0, "\xff\xff\xff\xfe", 4);
        ck_assert_uint_eq(view.types[1], 20);
        expect_bytes(&view, 1, "\1\2\3\4\5\6\7\10", 8);
        ck_assert_uint_eq(view.types[2], 16);
        expect_bytes(&view, 2, "\1", 1);
}
END_TEST

START_TEST(text_is_inferred_and_never_cut)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        PgParamView view;

        pg_params_text(params, NULL);
        pg_params_text(params, "");
        pg_params_text_n(params, "abcdef", 3);
        pg_params_text_n(params, "a\0b", 3);
        view = pg_params_view(params);
        ck_assert_ptr_null(view.values[0]);
        ck_assert_str_eq(view.values[1], "");
        ck_assert_str_eq(view.values[2], "abc");
        ck_assert_int_eq(view.formats[2], 0);
        ck_assert_uint_eq(view.types[2], 0);
        ck_assert_int_eq(view.formats[3], 1);
        expect_bytes(&view, 3, "a\0b", 3);
}
END_TEST

START_TEST(arrays_grow_side_by_side)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        int names, numbers, nothing;
        PgParamView view;

        names = pg_params_array(params, PG_ARRAY_TEXT);
        numbers = pg_params_array(params, PG_ARRAY_INT2);
        nothing = pg_params_array(params, PG_ARRAY_UUID);
        pg_array_text(params, names, "ab");
        pg_array_int(params, numbers, 7);
        pg_array_null(params, names);
        pg_array_int(params, numbers, -1);
        view = pg_params_view(params);
        expect_bytes(&view, names,
                     "\0\0\0\1\0\0\0\1\0\0\0\31\0\0\0\2\0\0\0\1"
                     "\0\0\0\2ab\xff\xff\xff\xff",
                     30);
        expect_bytes(&view, numbers,
                     "\0\0\0\1\0\0\0\0\0\0\0\25\0\0\0\2\0\0\0\1"
                     "\0\0\0\2\0\7\0\0\0\2\xff\xff",
                     32);
        expect_bytes(&view, nothing, "\0\0\0\0\0\0\0\0\0\0\x0b\x86", 12);
}
END_TEST

START_TEST(cleared_parameters_start_again)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        PgParamView view;

        pg_array_text(params, pg_params_array(params, PG_ARRAY_TEXT), "long enough to grow");
        pg_params_binary_result(params);
        ck_assert_int_eq(pg_params_view(params).result_format, 1);
        pg_params_clear(params);
        ck_assert_int_eq(pg_params_view(params).n, 0);
        ck_assert_int_eq(pg_params_view(params).result_format, 0);

        pg_params_text(params, "x");
        view = pg_params_view(params);
        ck_assert_str_eq(view.values[0], "x");
        ck_assert_int_eq(view.formats[0], 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pg_params");
        TCase *tcase = tcase_create("pg_params");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, scalars_are_big_endian);
        tcase_add_test(tcase, text_is_inferred_and_never_cut);
        tcase_add_test(tcase, arrays_grow_side_by_side);
        tcase_add_test(tcase, cleared_parameters_start_again);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
