#include <stdlib.h>

#include "common/model/model_value.h"
#include "test_schema_literal.h"

static const char text[] = "enum Colour { RED BLUE }\n"
                           "type A @model { s: String i: Int f: Float b: Boolean t: AWSDateTime\n"
                           "  d: AWSDate u: AWSTimestamp j: AWSJSON e: Colour z: AWSTime\n"
                           "  ls: [String] li: [Int!] lj: [AWSJSON] lt: [AWSDateTime] }\n";

/* A field, a value and how PostgreSQL gets it; NULL: refused. */
static const struct {
        const char *field, *value, *normal;
} rows[] = {
        { "s", "", "" },
        { "s", "größe'; --", "größe'; --" },
        { "s", "\xff", NULL },
        { "i", "-2147483648", "-2147483648" },
        { "i", "007", "7" },
        { "i", "2147483648", NULL },
        { "i", "", NULL },
        { "i", "-", NULL },
        { "i", " 1", NULL },
        { "i", "1.0", NULL },
        { "i", "1e3", NULL },
        { "f", "-1.5e-3", "-1.5e-3" },
        { "f", "nan", NULL },
        { "f", "Infinity", NULL },
        { "f", "1e999", NULL },
        { "f", "0x10", NULL },
        { "f", "", NULL },
        { "b", "true", "true" },
        { "b", "TRUE", NULL },
        { "t", "2026-01-31T12:00:00.5+02:00", "2026-01-31T10:00:00.500000Z" },
        { "t", "infinity", NULL },
        { "t", "2026-02-30T00:00:00Z", NULL },
        { "d", "2024-02-29", "2024-02-29" },
        { "d", "2023-02-29", NULL },
        { "d", "2023-1-1", NULL },
        { "u", "-9223372036854775808", "-9223372036854775808" },
        { "u", "9223372036854775808", NULL },
        { "j", "{\"a\": [1, null]}", "{\"a\": [1, null]}" },
        { "j", "1", "1" },
        { "j", "{", NULL },
        { "j", "\"\\u0000\"", NULL },
        { "e", "RED", "RED" },
        { "e", "red", NULL },
        { "z", "12:00:00Z", "12:00:00Z" },
        { "ls", "[\"a\\\"\\\\\", null, \"\"]", "{\"a\\\"\\\\\",NULL,\"\"}" },
        { "ls", "[]", "{}" },
        { "ls", "[1]", NULL },
        { "ls", "a", NULL },
        { "ls", "{\"a\":1}", NULL },
        { "li", "[1, -2]", "{\"1\",\"-2\"}" },
        { "li", "[1.5]", NULL },
        { "lj", "[{\"a\":1}, null]", "{\"{\\\"a\\\":1}\",\"null\"}" },
        { "lt", "[\"2026-01-01T00:00:00Z\"]", "{\"2026-01-01T00:00:00.000000Z\"}" },
};

START_TEST(values_are_checked)
{
        _cleanup_(schema_freep) Schema *schema = schema_literal(text);
        _cleanup_(buffer_deinit) Buffer normal = BUFFER_INIT;
        const Field *field = model_field(schema->models[0], rows[_i].field);
        Error err = ERROR_INIT;
        ErrorCode code = field->list ? model_value_parse_list(field, rows[_i].value, &normal, &err)
                                     : model_value_parse(field, rows[_i].value, &normal, &err);

        if (rows[_i].normal) {
                ck_assert_int_eq(code, ERROR_NONE);
                ck_assert_str_eq(buffer_text(&normal), rows[_i].normal);
        } else {
                ck_assert_int_eq(code, ERROR_MALFORMED);
                ck_assert_str_eq(err.field, rows[_i].field);
                ck_assert_int_eq(strncmp(err.message, rows[_i].field, strlen(err.field)), 0);
        }
}
END_TEST

START_TEST(an_enum_names_its_values)
{
        _cleanup_(schema_freep) Schema *schema = schema_literal(text);
        _cleanup_(buffer_deinit) Buffer normal = BUFFER_INIT;
        Error err = ERROR_INIT;

        ck_assert(model_value_parse(model_field(schema->models[0], "e"), "", &normal, &err));
        ck_assert_str_eq(err.message, "e must be one of RED, BLUE");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model_value");
        TCase *tcase = tcase_create("model_value");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_loop_test(tcase, values_are_checked, 0, ARRAY_SIZE(rows));
        tcase_add_test(tcase, an_enum_names_its_values);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
