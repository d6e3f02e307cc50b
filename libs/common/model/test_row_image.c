#include <stdlib.h>

#include "common/model/row_image.h"
#include "test_schema_literal.h"

static const char text[] = "enum Colour { RED BLUE }\n"
                           "type A @model { id: ID! s: String i: Int f: Float b: Boolean\n"
                           "  t: AWSDateTime d: AWSDate u: AWSTimestamp j: AWSJSON e: Colour\n"
                           "  z: AWSTime ls: [String] le: [Colour] li: [Int] lj: [AWSJSON] }\n";

/* A field, the text of its column and what becomes of it; NULL: PostgreSQL has to say. */
static const struct {
        const char *field, *value, *json;
} rows[] = {
        { "s", NULL, "null" },
        { "s", "", "\"\"" },
        { "s", "größe", "\"größe\"" },
        { "s", "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f",
          "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"" },
        { "i", "0", "0" },
        { "i", "-7", "-7" },
        { "i", "999999999", "999999999" },
        { "i", "-2147483648", "-2147483648" },
        { "i", "-0", NULL },
        { "i", "007", NULL },
        { "i", "+1", NULL },
        { "i", "1.0", NULL },
        { "i", "", NULL },
        { "i", "-", NULL },
        { "u", "123456789012345678", "123456789012345678" },
        { "u", "9223372036854775807", "9223372036854775807" },
        { "f", "0", "0" },
        { "f", "12.5", "12.5" },
        { "f", "-0.0001", "-0.0001" },
        { "f", "0.00001", NULL },
        { "f", "1.50", "1.5" },
        { "f", "-10.00", "-10" },
        { "f", "0.12500000000000000000", "0.125" },
        { "f", "0.0", "0" },
        { "f", "0.000010", NULL },
        { "f", "1.", NULL },
        { "f", ".5", NULL },
        { "f", "00.5", NULL },
        { "f", "-0.0", NULL },
        { "f", "1e3", NULL },
        { "f", "123456789012345", "123456789012345" },
        { "f", "1234567890123456", NULL },
        { "f", "0.12345678901234", "0.12345678901234" },
        { "f", "0.123456789012345", NULL },
        { "f", "NaN", NULL },
        { "b", "true", "true" },
        { "b", "t", NULL },
        { "t", "2026-01-31T12:00:00Z", "\"2026-01-31T12:00:00.000000Z\"" },
        { "t", "2026-01-31T12:00:00.5Z", "\"2026-01-31T12:00:00.500000Z\"" },
        { "t", "2026-01-31 12:00:00.123456+00", "\"2026-01-31T12:00:00.123456Z\"" },
        { "t", "2026-01-31 12:00:00Z", NULL },
        { "t", "2026-01-31T12:00:00+02:00", NULL },
        { "t", "2026-01-31T12:00:00.1234567Z", NULL },
        { "t", "2026-01-31T12:00:00.Z", NULL },
        { "t", "2026-01-31T24:00:00Z", NULL },
        { "t", "2026-01-31T12:00:60Z", NULL },
        { "t", "2026-02-29T12:00:00Z", NULL },
        { "t", "1900-02-29T12:00:00Z", NULL },
        { "t", "2000-02-29T12:00:00Z", "\"2000-02-29T12:00:00.000000Z\"" },
        { "t", "0000-01-01T12:00:00Z", NULL },
        { "t", "2026-13-01T12:00:00Z", NULL },
        { "t", "2026-1-01T12:00:00Z", NULL },
        { "t", "infinity", NULL },
        { "t", "2026-01-31", NULL },
        { "d", "2026-01-31", "\"2026-01-31\"" },
        { "d", "2026-01-311", NULL },
        { "d", "2026-04-31", NULL },
        { "j", "{\"a\" : 1.50}", "{\"a\" : 1.50}" },
        { "e", "RED", "\"RED\"" },
        { "z", "12:00:00Z", NULL },
        { "ls", "[]", "[]" },
        { "ls", "[\"a\",\"ö\"]", "[\"a\",\"ö\"]" },
        { "le", "[\"RED\"]", "[\"RED\"]" },
        { "ls", "[\"a\", \"b\"]", NULL },
        { "ls", "[\"a\\n\"]", NULL },
        { "ls", "[\"a\",]", NULL },
        { "ls", "[null]", NULL },
        { "ls", "[", NULL },
        { "ls", "[\"a", NULL },
        { "ls", "[\"a\"] ", NULL },
        { "ls", "{a}", NULL },
        { "li", "[1]", NULL },
        { "lj", "[\"a\"]", NULL },
};

/* All other columns are null. */
START_TEST(values_are_in_the_form_of_postgresql)
{
        _cleanup_(schema_freep) Schema *schema = schema_literal(text);
        _cleanup_(buffer_deinit) Buffer json = BUFFER_INIT, expected = BUFFER_INIT;
        const Model *model = schema->models[0];
        const char *values[16] = { "r" };
        bool ok;

        buffer_append_string(&json, "before");
        buffer_append_string(&expected, "before{\"id\":\"r\"");
        for (size_t i = 1; i < model->n_fields; i++) {
                bool is_it = strcmp(model->fields[i].name, rows[_i].field) == 0;

                if (is_it)
                        values[i] = rows[_i].value;
                buffer_printf(&expected, ",\"%s\":%s", model->fields[i].name,
                              is_it && rows[_i].json ? rows[_i].json : "null");
        }
        buffer_append_char(&expected, '}');
        ok = row_image_append(&json, model, values);
        ck_assert_int_eq(ok, rows[_i].json != NULL);
        ck_assert_str_eq(buffer_text(&json), ok ? buffer_text(&expected) : "before");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("row_image");
        TCase *tc = tcase_create("row_image");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(tc, values_are_in_the_form_of_postgresql, 0, ARRAY_SIZE(rows));
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
