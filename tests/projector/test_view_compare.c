/* Two versions of a view, compared: whatever differs in whichever type of column is a difference. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/model/model_ddl.h"
#include "services/projector-svc/view_compare.h"
#include "tests/support/temp_database.h"

#define DEADLINE (clock_monotonic_us() + 60 * US_PER_SEC)

static const char text[] =
        "enum Kind { A B }\n"
        "type Item @model @auth(rules: [{ allow: private }]) {\n"
        "  id: ID!\n  s: String\n  i: Int\n  f: Float\n  b: Boolean\n  dt: AWSDateTime\n"
        "  d: AWSDate\n  t: AWSTime\n  ts: AWSTimestamp\n  j: AWSJSON\n  k: Kind\n"
        "  ls: [String]\n  li: [Int]\n  lf: [Float]\n  lj: [AWSJSON]\n  lts: [AWSTimestamp]\n}\n";

static TempDatabase *database;
static PGconn *conn;
static Schema *schema;
static View *live, *built;
static Error err;

static void exec(const char *sql)
{
        err = ERROR_INIT;
        ck_assert_msg(pg_exec(conn, sql, NULL, NULL, DEADLINE, "test", &err) == ERROR_NONE,
                      "%s: %s", sql, err.message);
}

static View *make_version(int version)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        const Model *model = schema_model(schema, "Item");
        View *view = NULL;

        ck_assert_msg(view_new(&view, schema, model, &err) == ERROR_NONE, "%s", err.message);
        view_set_version(view, version);
        buffer_printf(&sql, "CREATE SCHEMA %s;", view->schema_name);
        model_ddl(&sql, schema, model, view->schema_name);
        exec(sql.data);
        return view;
}

static void setup(void)
{
        err = ERROR_INIT;
        ck_assert_msg(temp_database_new_empty(&database, &err) == ERROR_NONE, "%s", err.message);
        conn = temp_database_connect(database, NULL);
        ck_assert_msg(schema_parse(&schema, "test", text, strlen(text), &err) == ERROR_NONE, "%s",
                      err.message);
        live = make_version(1);
        built = make_version(2);
}

static void teardown(void)
{
        view_free(live);
        view_free(built);
        schema_free(schema);
        PQfinish(conn);
        temp_database_free(database);
}

/* In both versions rows "a" and "b", column @column with these values. */
static void fill(const char *version, const char *column, const char *a, const char *b)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;

        buffer_printf(
                &sql,
                "TRUNCATE view_item_%s.item; INSERT INTO view_item_%s.item (id, \"%s\", _aggregate, _sequence)"
                " VALUES ('a', %s, 'x', 1), ('b', %s, 'x', 1)",
                version, version, column, a, b);
        exec(sql.data);
}

static int64_t differences(void)
{
        _cleanup_(comparison_deinit) Comparison found = COMPARISON_INIT;

        err = ERROR_INIT;
        ck_assert_msg(view_compare(conn, live, built, 10, &found, DEADLINE, &err) == ERROR_NONE,
                      "%s", err.message);
        ck_assert_int_eq(found.rows, 2);
        ck_assert_int_eq(found.missing + found.extra, 0);
        return found.different;
}

/* Two values that are not the same, though much about them may be. */
static const struct Pair {
        const char *column, *one, *other;
} pairs[] = {
        { "s", "'a'", "'b'" },
        { "s", "''", "NULL" },
        { "i", "1", "-1" },
        { "i", "0", "NULL" },
        { "f", "0.0", "'-0'" },
        { "f", "0.1", "0.10000000000000002" },
        { "b", "true", "false" },
        { "b", "false", "NULL" },
        { "dt", "'2026-01-01T00:00:00Z'", "'2026-01-01T00:00:00.000001Z'" },
        { "dt", "'2000-01-01T00:00:00Z'",
          "timestamptz '2000-01-01T00:00:00Z' - interval '4294.967296 s'" },
        { "d", "'2026-01-01'", "'2026-01-02'" },
        { "t", "'12:00Z'", "'12:00+00:01'" },
        { "t", "'12:00Z'", "'12:00:00.5Z'" },
        { "ts", "-1", "4294967295" },
        { "ts", "5", "5 - 4294967296" },
        { "j", "'{\"a\":1}'", "'{\"a\": 1}'" },
        { "j", "'null'", "NULL" },
        { "k", "'A'", "'B'" },
        { "ls", "'{a,b}'", "'{b,a}'" },
        { "ls", "'{}'", "NULL" },
        { "ls", "'{NULL}'", "'{\"NULL\"}'" },
        { "li", "'{1}'", "'{2}'" },
        { "lf", "'{0}'", "'{-0}'" },
        { "lj", "array['1']::json[]", "array['1 ']::json[]" },
        { "lts", "'{-1}'", "'{4294967295}'" },
};

START_TEST(every_difference_is_seen)
{
        const struct Pair *pair = &pairs[_i];

        fill("1", pair->column, pair->one, pair->other);
        fill("2", pair->column, pair->one, pair->other);
        ck_assert_int_eq(differences(), 0);
        fill("2", pair->column, pair->other, pair->other);
        ck_assert_int_eq(differences(), 1);
        fill("2", pair->column, pair->one, pair->one);
        ck_assert_int_eq(differences(), 1);
        fill("2", pair->column, pair->other, pair->one);
        ck_assert_int_eq(differences(), 2);
}
END_TEST

START_TEST(a_value_in_another_column_is_another_row)
{
        exec("INSERT INTO view_item_1.item (id, s, k, _aggregate, _sequence) VALUES ('a', 'A', NULL, 'x', 1), ('b', NULL, 'A', 'x', 1)");
        exec("INSERT INTO view_item_2.item (id, s, k, _aggregate, _sequence) VALUES ('b', 'A', NULL, 'x', 1), ('a', NULL, 'A', 'x', 1)");
        ck_assert_int_eq(differences(), 2);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("view_compare");
        TCase *tcase = tcase_create("view_compare");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, every_difference_is_seen, 0, (int)ARRAY_SIZE(pairs));
        tcase_add_test(tcase, a_value_in_another_column_is_another_row);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
