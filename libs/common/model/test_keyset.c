#include <stdlib.h>

#include "common/model/keyset.h"
#include "test_schema_literal.h"

static const char text[] = "type A @model { name: String! at: AWSDateTime n: Int! j: AWSJSON\n"
                           "  l: [Int] as: [A] @hasMany(references: \"name\") }";

static Schema *schema;

static void set_up(void)
{
        schema = schema_literal(text);
}

static void tear_down(void)
{
        schema_free(schema);
}

/* A sort, the values of the last row, ORDER BY and the condition for what follows. */
static const struct {
        const char *sort;
        char *values[4];
        const char *order, *after;
} rows[] = {
        { NULL,
          { (char[]){ "a" }, (char[]){ "g" } },
          "t.\"id\", t.\"_aggregate\"",
          "(t.\"id\", t.\"_aggregate\") > ($1::text, $2::text)" },
        { "id:desc,name",
          { (char[]){ "a" }, (char[]){ "g" } },
          "t.\"id\" DESC, t.\"_aggregate\" DESC",
          "(t.\"id\", t.\"_aggregate\") < ($1::text, $2::text)" },
        { "name,n:asc",
          { (char[]){ "x" }, (char[]){ "1" }, (char[]){ "a" }, (char[]){ "g" } },
          "t.\"name\", t.\"n\", t.\"id\", t.\"_aggregate\"",
          "(t.\"name\", t.\"n\", t.\"id\", t.\"_aggregate\") > "
          "($1::text, $2::integer, $3::text, $4::text)" },
        /* descending, nulls came before any value */
        { "at:desc",
          { (char[]){ "now" }, (char[]){ "a" }, (char[]){ "g" } },
          "t.\"at\" DESC, t.\"id\" DESC, t.\"_aggregate\" DESC",
          "(t.\"at\", t.\"id\", t.\"_aggregate\") < ($1::timestamptz, $2::text, $3::text)" },
        { "at:desc",
          { NULL, (char[]){ "a" }, (char[]){ "g" } },
          "t.\"at\" DESC, t.\"id\" DESC, t.\"_aggregate\" DESC",
          "(t.\"at\" IS NOT NULL OR (t.\"at\" IS NULL AND ((t.\"id\" < $1::text) OR "
          "(t.\"id\" = $1::text AND (t.\"_aggregate\" < $2::text)))))" },
        /* ascending, nulls are still to come */
        { "at",
          { (char[]){ "now" }, (char[]){ "a" }, (char[]){ "g" } },
          "t.\"at\", t.\"id\", t.\"_aggregate\"",
          "((t.\"at\" > $1::timestamptz OR t.\"at\" IS NULL) OR (t.\"at\" = $1::timestamptz AND "
          "((t.\"id\" > $2::text) OR (t.\"id\" = $2::text AND (t.\"_aggregate\" > $3::text)))))" },
        { "name:desc,n",
          { (char[]){ "x" }, (char[]){ "1" }, (char[]){ "a" }, (char[]){ "g" } },
          "t.\"name\" DESC, t.\"n\", t.\"id\", t.\"_aggregate\"",
          "((t.\"name\" < $1::text) OR (t.\"name\" = $1::text AND ((t.\"n\" > $2::integer) OR "
          "(t.\"n\" = $2::integer AND ((t.\"id\" > $3::text) OR (t.\"id\" = $3::text AND "
          "(t.\"_aggregate\" > $4::text)))))))" },
};

START_TEST(order_and_what_follows)
{
        _cleanup_(sql_text_deinit) SqlText order = SQL_TEXT_INIT, after = SQL_TEXT_INIT;
        Keyset keyset;

        ck_assert_int_eq(keyset_parse(&keyset, schema->models[0], rows[_i].sort, NULL), ERROR_NONE);
        keyset_order(&order, &keyset, "t");
        keyset_after(&after, &keyset, "t", rows[_i].values);
        ck_assert_str_eq(buffer_text(&order.text), rows[_i].order);
        ck_assert_str_eq(buffer_text(&after.text), rows[_i].after);
}
END_TEST

static const struct {
        const char *sort, *message;
} refused[] = {
        { "", "sort: names no field of the model; write field:asc,field:desc" },
        { "name,", "sort: names no field of the model; write field:asc,field:desc" },
        { "names", "sort: names no field of the model; write field:asc,field:desc" },
        { "name:up", "sort: the direction of \"name\" is asc or desc" },
        { "name:", "sort: the direction of \"name\" is asc or desc" },
        { "name:desc:desc", "sort: the direction of \"name\" is asc or desc" },
        { "name,name:desc", "sort: \"name\" is named twice" },
        { "j", "sort: \"j\" has no order: it is a relation, a list or JSON" },
        { "l", "sort: \"l\" has no order: it is a relation, a list or JSON" },
        { "as", "sort: \"as\" has no order: it is a relation, a list or JSON" },
};

START_TEST(sorts_that_are_none)
{
        Keyset keyset = { .n_keys = 0 };
        Error err = ERROR_INIT;

        ck_assert_int_eq(keyset_parse(&keyset, schema->models[0], refused[_i].sort, &err),
                         ERROR_MALFORMED);
        ck_assert_str_eq(err.field, "sort");
        ck_assert_str_eq(err.message, refused[_i].message);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("keyset");
        TCase *tcase = tcase_create("keyset");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_add_loop_test(tcase, order_and_what_follows, 0, ARRAY_SIZE(rows));
        tcase_add_loop_test(tcase, sorts_that_are_none, 0, ARRAY_SIZE(refused));
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
