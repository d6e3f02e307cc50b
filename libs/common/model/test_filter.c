#include <stdlib.h>

#include "common/model/filter.h"
#include "test_schema_literal.h"

static const char text[] = "type A @model { s: String r: String! n: Int j: AWSJSON b: Boolean\n"
                           "  l: [String] m: [AWSJSON] as: [A] @hasMany(references: \"s\") }";

static Schema *schema;
static Arena arena;

static void set_up(void)
{
        schema = schema_literal(text);
        arena = ARENA_INIT;
}

static void tear_down(void)
{
        schema_free(schema);
        arena_deinit(&arena);
}

static const struct {
        const char *json, *sql;
} rows[] = {
        { "{}", "true" },
        { "{\"s\":{\"eq\":\"a\"}}", "(t.\"s\" = $1::text)" },
        { "{\"s\":{\"ne\":\"a\"},\"r\":{\"ne\":\"a\"}}",
          "(t.\"s\" IS DISTINCT FROM $1::text AND t.\"r\" <> $2::text)" },
        { "{\"s\":{\"eq\":null},\"n\":{\"ne\":null}}",
          "(t.\"s\" IS NULL AND t.\"n\" IS NOT NULL)" },
        { "{\"n\":{\"gt\":1,\"le\":5}}", "(t.\"n\" > $1::integer AND t.\"n\" <= $2::integer)" },
        { "{\"n\":{\"lt\":1},\"s\":{\"ge\":\"\"}}",
          "(t.\"n\" < $1::integer AND t.\"s\" >= $2::text)" },
        { "{\"n\":{\"between\":[1,2]}}", "(t.\"n\" BETWEEN $1::integer AND $2::integer)" },
        { "{\"s\":{\"beginsWith\":\"a%\"}}", "(t.\"s\" ^@ $1::text)" },
        { "{\"s\":{\"contains\":\"a\"}}", "(strpos(t.\"s\", $1::text) > 0)" },
        { "{\"s\":{\"notContains\":\"a\"}}", "((strpos(t.\"s\", $1::text) > 0) IS NOT TRUE)" },
        { "{\"l\":{\"contains\":\"a\"}}", "($1::text = ANY (t.\"l\"))" },
        { "{\"l\":{\"eq\":[\"a\"]}}", "(t.\"l\" = $1::text[])" },
        { "{\"n\":{\"in\":[1,2]}}", "(t.\"n\" = ANY ($1::integer[]))" },
        { "{\"n\":{\"notIn\":[]}}", "((t.\"n\" = ANY ($1::integer[])) IS NOT TRUE)" },
        { "{\"n\":{\"attributeExists\":false}}", "(t.\"n\" IS NULL)" },
        { "{\"j\":{\"eq\":{\"a\":[1]}}}", "(t.\"j\"::jsonb = $1::jsonb)" },
        { "{\"m\":{\"ne\":[{}]}}", "(t.\"m\"::jsonb[] IS DISTINCT FROM $1::jsonb[])" },
        { "{\"b\":{\"eq\":true}}", "(t.\"b\" = $1::boolean)" },
        { "{\"or\":[{\"s\":{\"eq\":\"a\"}},{\"n\":{\"eq\":1}}]}",
          "(((t.\"s\" = $1::text) OR (t.\"n\" = $2::integer)))" },
        { "{\"not\":{\"s\":{\"eq\":\"a\"}}}", "(((t.\"s\" = $1::text)) IS NOT TRUE)" },
        { "{\"or\":[]}", "(false)" },
        { "{\"and\":[]}", "(true)" },
        { "{\"and\":[{\"or\":{\"s\":{\"eq\":\"a\"}}}]}", "(((((t.\"s\" = $1::text)))))" },
};

START_TEST(operators_as_in_amplify)
{
        _cleanup_(sql_text_deinit) SqlText sql = SQL_TEXT_INIT;
        FilterBuilder builder;
        Error err = ERROR_INIT;

        filter_builder_init(&builder, &arena, schema->models[0]);
        ck_assert_msg(!filter_add_json(&builder, rows[_i].json, &err), "%s", err.message);
        filter_sql(&sql, &builder.root, "t");
        ck_assert_str_eq(buffer_text(&sql.text), rows[_i].sql);
}
END_TEST

static const struct {
        const char *json, *field, *message;
} refused[] = {
        { "", "filter", "filter: " },
        { "[]", "filter", "filter: expected a JSON object" },
        { "{\"s\":1}", "filter.s", "filter.s: expected {\"eq\":…} or another operator" },
        { "{\"s\":{\"is\":1}}", "filter.s", "filter.s: unknown operator \"is\"" },
        { "{\"s\":{\"eq\":1}}", "filter.s", "filter.s: s must be of the field's type" },
        { "{\"n\":{\"eq\":\"1\"}}", "filter.n", "filter.n: n must be of the field's type" },
        { "{\"n\":{\"eq\":1.5}}", "filter.n", "filter.n: n must be a whole number" },
        { "{\"n\":{\"gt\":null}}", "filter.n", "filter.n: n must be of the field's type" },
        { "{\"n\":{\"between\":[1]}}", "filter.n", "filter.n: between takes [least, greatest]" },
        { "{\"n\":{\"contains\":1}}", "filter.n", "filter.n: contains is for text" },
        { "{\"n\":{\"in\":1}}", "filter.n", "filter.n: n must be a JSON array" },
        { "{\"l\":{\"gt\":\"a\"}}", "filter.l", "filter.l: gt is not for lists and JSON" },
        { "{\"m\":{\"contains\":\"a\"}}", "filter.m", "filter.m: contains is not for JSON" },
        { "{\"s\":{\"attributeExists\":1}}", "filter.s",
          "filter.s: attributeExists takes true or false" },
        { "{\"x\":{\"eq\":1}}", "filter.x", "filter.x: model A has no such field" },
        { "{\"as\":{\"eq\":1}}", "filter.as", "filter.as: a relation cannot be compared" },
        { "{\"or\":[1]}", "filter.or", "filter.or: expected an object" },
        { "{\"not\":[{}]}", "filter.not", "filter.not: not takes one object" },
        { "{\"or\":[{\"not\":{\"x\":{}}}]}", "filter.or.not.x",
          "filter.or.not.x: model A has no such field" },
        { "{\"not\":{\"not\":{\"not\":{\"not\":{\"not\":{\"not\":{\"not\":{\"not\":{}}}}}}}}}",
          "filter.not.not.not.not.not.not.not.not",
          "filter.not.not.not.not.not.not.not.not: nested more than 8 levels deep" },
};

START_TEST(filters_that_are_none)
{
        FilterBuilder builder;
        Error err = ERROR_INIT;

        filter_builder_init(&builder, &arena, schema->models[0]);
        ck_assert_int_eq(filter_add_json(&builder, refused[_i].json, &err), ERROR_MALFORMED);
        ck_assert_str_eq(err.field, refused[_i].field);
        ck_assert_msg(strncmp(err.message, refused[_i].message, strlen(refused[_i].message)) == 0,
                      "%s", err.message);
}
END_TEST

START_TEST(equality_of_parameters)
{
        _cleanup_(sql_text_deinit) SqlText sql = SQL_TEXT_INIT;
        const Model *model = schema->models[0];
        FilterBuilder builder;
        Error err = ERROR_INIT;

        filter_builder_init(&builder, &arena, model);
        ck_assert(!filter_add_equal(&builder, model_field(model, "s"), "a", NULL));
        ck_assert(!filter_add_json(&builder, "{\"n\":{\"gt\":1}}", NULL));
        ck_assert(!filter_add_equal(&builder, model_field(model, "l"), "[\"b\"]", NULL));
        filter_sql(&sql, &builder.root, "t");
        ck_assert_str_eq(buffer_text(&sql.text), "(t.\"s\" = $1::text AND t.\"n\" > $2::integer "
                                                 "AND t.\"l\" = $3::text[])");
        ck_assert_int_eq(filter_add_equal(&builder, model_field(model, "n"), "x", &err),
                         ERROR_MALFORMED);
        ck_assert_str_eq(err.field, "n");
}
END_TEST

START_TEST(conditions_are_counted)
{
        _cleanup_(buffer_deinit) Buffer json = BUFFER_INIT;
        FilterBuilder builder;
        Error err = ERROR_INIT;

        buffer_append_string(&json, "{\"n\":{\"in\":[0");
        for (int i = 1; i < FILTER_ITEMS_MAX; i++)
                buffer_printf(&json, ",%d", i);
        buffer_append_string(&json, "]}}");
        filter_builder_init(&builder, &arena, schema->models[0]);
        for (int i = 0; i < FILTER_PARAMS_MAX; i++)
                ck_assert(!filter_add_json(&builder, json.data, NULL));
        ck_assert_int_eq(filter_add_json(&builder, json.data, &err), ERROR_MALFORMED);
        ck_assert_str_eq(err.message, "more than 40 conditions in one request");
        json.size -= 3;
        buffer_append_string(&json, ",0]}}");
        filter_builder_init(&builder, &arena, schema->models[0]);
        ck_assert_int_eq(filter_add_json(&builder, json.data, &err), ERROR_MALFORMED);
        ck_assert_str_eq(err.message, "filter.n: n: more than 500 values");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("filter");
        TCase *tcase = tcase_create("filter");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_add_loop_test(tcase, operators_as_in_amplify, 0, ARRAY_SIZE(rows));
        tcase_add_loop_test(tcase, filters_that_are_none, 0, ARRAY_SIZE(refused));
        tcase_add_test(tcase, equality_of_parameters);
        tcase_add_test(tcase, conditions_are_counted);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
