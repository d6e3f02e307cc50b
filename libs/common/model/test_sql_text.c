#include <check.h>
#include <stdlib.h>

#include "common/model/sql_text.h"

START_TEST(names_and_literals_are_quoted)
{
        static const struct {
                const char *text, *name, *literal;
        } rows[] = {
                { "createdAt", "\"createdAt\"", "'createdAt'" },
                { "", "\"\"", "''" },
                { "it's", "\"it's\"", "'it''s'" },
                { "a\"b", "\"a\"\"b\"", "'a\"b'" },
                { "a\\'b", "\"a\\'b\"", "E'a\\\\''b'" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(buffer_deinit) Buffer name = BUFFER_INIT, literal = BUFFER_INIT;

                sql_quote_name(&name, rows[i].text);
                sql_quote_literal(&literal, rows[i].text);
                ck_assert_str_eq(buffer_text(&name), rows[i].name);
                ck_assert_str_eq(buffer_text(&literal), rows[i].literal);
        }
}
END_TEST

START_TEST(values_become_numbered_parameters)
{
        _cleanup_(sql_text_deinit) SqlText sql = SQL_TEXT_INIT;
        size_t n;

        sql_append(&sql, "a = ");
        n = sql_param(&sql, "1'; drop", "text");
        sql_append(&sql, " OR b = ");
        (void)sql_param(&sql, "2", "integer");
        sql_append(&sql, " OR c = ");
        sql_param_again(&sql, n, "text");
        ck_assert_str_eq(buffer_text(&sql.text), "a = $1::text OR b = $2::integer OR c = $1::text");
        ck_assert_uint_eq(sql.n_params, 2);
        ck_assert_str_eq(sql.params[0], "1'; drop");
        ck_assert_str_eq(sql.params[1], "2");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("sql_text");
        TCase *tcase = tcase_create("sql_text");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, names_and_literals_are_quoted);
        tcase_add_test(tcase, values_become_numbered_parameters);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
