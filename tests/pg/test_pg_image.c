/* Images of rows made without PostgreSQL, beside those that PostgreSQL makes: the same, or none. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/model/model_column.h"
#include "common/model/model_ddl.h"
#include "common/model/model_row.h"
#include "common/model/row_image.h"
#include "common/pg/pg_params.h"
#include "tests/support/temp_database.h"

#define VARIANTS 100

static const char text[] = "enum Colour { RED BLUE }\n"
                           "type A @model { id: ID! s: String i: Int f: Float b: Boolean\n"
                           "  t: AWSDateTime d: AWSDate u: AWSTimestamp j: AWSJSON e: Colour\n"
                           "  z: AWSTime ls: [String] li: [Int] lt: [AWSDateTime] }\n";

/* Values of a field, from which others are made by changing a character here and there. */
static const struct {
        const char *field, *value, *alphabet;
} seeds[] = {
        { "s", "plain", "a\"\\/\b\n\x1f\x7f '{}" },
        { "s", "größe \t 漢字", "ab\r\f" },
        { "i", "0", "0123456789-+. " },
        { "i", "-2147483648", "0123456789-" },
        { "i", "123456", "0123456789-" },
        { "u", "9223372036854775807", "0123456789-" },
        { "u", "1700000000", "0123456789-" },
        { "f", "12.5", "0123456789.-+eE" },
        { "f", "0.00012", "0123456789.-" },
        { "f", "123456789012345", "0123456789." },
        { "f", "0.12500000000000000000", "0123456789.-" },
        { "f", "-99999.000001", "0123456789.-" },
        { "f", "1e15", "0123456789eE-+" },
        { "b", "true", "tf1" },
        { "b", "false", "tf0" },
        { "t", "2026-01-31T23:59:59Z", "0123456789-:TZ. +" },
        { "t", "2026-02-28T12:00:00.123456Z", "0123456789" },
        { "t", "2024-02-29T00:00:00.5Z", "0123456789" },
        { "t", "1969-12-31T23:59:60.999999Z", "0123456789" },
        { "t", "0001-01-01T00:00:00Z", "0123456789" },
        { "t", "2026-07-01T12:00:00.1234567Z", "0123456789" },
        { "t", "2026-07-01 12:00:00+00", "0123456789+-" },
        { "t", "2026-07-01T12:00:00+02:00", "0123456789+-" },
        { "d", "2024-02-29", "0123456789-" },
        { "j", "{\"a\" : [1.50, null], \"b\":{}}", " 0123456789" },
        { "j", "\"text\\u00e4\"", "a \"" },
        { "e", "RED", "" },
        { "z", "12:00:00Z", "0123456789" },
        { "ls", "[]", "[],\"" },
        { "ls", "[\"a\",\"ö\"]", "[],\"ab \\" },
        { "ls", "[\"RED\",null,\"x\\ny\"]", "[],\"ab" },
        { "li", "[1,22,333]", "0123456789, " },
        { "lt", "[\"2026-01-31T23:59:59Z\"]", "0123456789" },
};

static TempDatabase *database;
static PGconn *conn;
static Schema *schema;
static const Model *model;
static uint64_t state;
static size_t n_given, n_read; /* images that needed no PostgreSQL */

static int64_t soon(void)
{
        return clock_monotonic_us() + 30 * US_PER_SEC;
}

static void setup(void)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        Error err = ERROR_INIT;

        ck_assert_msg(temp_database_new_empty(&database, &err) == ERROR_NONE, "%s", err.message);
        conn = temp_database_connect(database, NULL);
        ck_assert_int_eq(schema_parse(&schema, "test", text, strlen(text), &err), ERROR_NONE);
        model = schema->models[0];
        model_table_ddl(&sql, model, "public");
        ck_assert_msg(pg_exec(conn, sql.data, NULL, NULL, soon(), "make a table", &err) ==
                              ERROR_NONE,
                      "%s", err.message);
        state = 1;
}

static void teardown(void)
{
        PQfinish(conn);
        schema_free(schema);
        temp_database_free(database);
}

static size_t below(size_t n)
{
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (size_t)(state >> 33) % n;
}

static void vary(Buffer *value, const char *alphabet)
{
        for (size_t n = below(3); *alphabet && value->size && n > 0; n--) {
                size_t at = below(value->size);
                char c = alphabet[below(strlen(alphabet))];

                if ((unsigned char)value->data[at] < 0x80)
                        value->data[at] = c;
        }
}

/* The row with only this value, as PostgreSQL has it; NULL when it does not take it. */
static PGresult *store(const Field *field, const char *value)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        PGresult *res = NULL;
        Error err = ERROR_INIT;

        buffer_printf(&sql,
                      "INSERT INTO \"%s\" AS t (id, \"%s\", \"_aggregate\", \"_sequence\") "
                      "VALUES ('r', ",
                      model->view, field->name);
        model_column_from_text(&sql, field, "$1::text");
        buffer_printf(
                &sql,
                ", 'r', 1) ON CONFLICT (id, \"_aggregate\") DO UPDATE SET \"%s\" = excluded.\"%s\""
                " RETURNING ",
                field->name, field->name);
        model_row_json(&sql, model, "t");
        buffer_append_string(&sql, ", ");
        model_column_to_text(&sql, field);
        pg_params_text(params, value);
        return pg_exec(conn, sql.data, params, &res, soon(), "store a row", &err) ? NULL : res;
}

static size_t column_of(const Field *field)
{
        return (size_t)(field - model->fields);
}

static bool matches(const Field *field, const char *value, const char *image)
{
        _cleanup_(buffer_deinit) Buffer json = BUFFER_INIT;
        const char *values[PG_PARAMS_MAX] = { "r" };

        values[column_of(field)] = value;
        if (!row_image_append(&json, model, values))
                return false;
        ck_assert_str_eq(buffer_text(&json), image);
        return true;
}

static void compare(const Field *field, const char *value)
{
        _cleanup_(PQclearp) PGresult *res = store(field, value);

        if (!res)
                return;
        n_given += (size_t)matches(field, value, PQgetvalue(res, 0, 0));
        if (!PQgetisnull(res, 0, 1))
                n_read += (size_t)matches(field, PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 0));
}

static void compare_variants(const Field *field, const char *seed, const char *alphabet)
{
        _cleanup_(buffer_deinit) Buffer value = BUFFER_INIT;

        n_given = n_read = 0;
        for (int i = 0; i < VARIANTS; i++) {
                buffer_clear(&value);
                buffer_append_string(&value, seed);
                if (i)
                        vary(&value, alphabet);
                compare(field, value.data);
        }
}

static void clear(void)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        Error err = ERROR_INIT;

        buffer_printf(&sql, "DELETE FROM \"%s\"", model->view);
        ck_assert_int_eq(pg_exec(conn, sql.data, NULL, NULL, soon(), "delete a row", &err),
                         ERROR_NONE);
}

START_TEST(images_are_postgresqls)
{
        for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
                const Field *field = model_field(model, seeds[i].field);

                compare_variants(field, seeds[i].value, seeds[i].alphabet);
                /* what is read back is in the form that PostgreSQL writes it in: only these have another one there */
                if (field->scalar != SCALAR_TIME && !field->list)
                        ck_assert_msg(n_read > 0, "%s: none of %s", field->name, seeds[i].value);
                clear();
        }
}
END_TEST

START_TEST(nothing_is_null)
{
        _cleanup_(PQclearp) PGresult *res = store(model_field(model, "s"), NULL);

        ck_assert_ptr_nonnull(res);
        ck_assert(matches(model_field(model, "s"), NULL, PQgetvalue(res, 0, 0)));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pg_image");
        TCase *tc = tcase_create("pg_image");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, images_are_postgresqls);
        tcase_add_test(tc, nothing_is_null);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
