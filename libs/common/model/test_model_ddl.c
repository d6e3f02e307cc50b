#include <stdlib.h>

#include "common/model/model_ddl.h"
#include "test_schema_literal.h"

static const char text[] =
        "enum State { ON OFF }\n"
        "type Thing @model @auth(rules: [{ allow: owner }]) {\n"
        "  name: String! @index(sortKeyFields: [\"at\"])\n"
        "  at: AWSDateTime! state: State @default(value: \"ON\") states: [State] raw: AWSJSON!\n"
        "  n: Int tags: [String!] owner: String boxId: ID @index(name: \"byBox\")\n"
        "  box: Box @belongsTo(references: [\"boxId\"])\n"
        "}\n"
        "type Box @model { parentId: ID things: [Thing] @hasMany(indexName: \"byBox\")\n"
        "  boxes: [Box] @hasMany(references: [\"parentId\"]) }\n";

START_TEST(tables_and_indexes)
{
        _cleanup_(schema_freep) Schema *schema = schema_literal(text);
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;

        model_ddl(&sql, schema, schema_model(schema, "Thing"), "view_thing_1");
        ck_assert_str_eq(
                buffer_text(&sql),
                "CREATE TABLE \"view_thing_1\".\"thing\" (\n"
                "    \"id\" text COLLATE \"C\" NOT NULL,\n"
                "    \"name\" text COLLATE \"C\" NOT NULL,\n"
                "    \"at\" timestamptz NOT NULL,\n"
                "    \"state\" text COLLATE \"C\" DEFAULT 'ON'::text CHECK (\"state\" IN ('ON', "
                "'OFF')),\n"
                "    \"states\" text[] COLLATE \"C\" CHECK (\"states\" <@ ARRAY['ON', "
                "'OFF']::text[]),\n"
                "    \"raw\" json NOT NULL,\n"
                "    \"n\" integer,\n"
                "    \"tags\" text[] COLLATE \"C\" CHECK (array_position(\"tags\"::text[], NULL) IS "
                "NULL),\n"
                "    \"owner\" text COLLATE \"C\",\n"
                "    \"boxId\" text COLLATE \"C\",\n"
                "    \"_aggregate\" text COLLATE \"C\" NOT NULL,\n"
                "    \"_sequence\" bigint NOT NULL,\n"
                "    PRIMARY KEY (\"id\", \"_aggregate\")\n"
                ");\n"
                "CREATE INDEX IF NOT EXISTS \"index_1_thingsByNameAndAt\" ON \"view_thing_1\".\"thing\" "
                "(\"name\", \"at\", \"id\");\n"
                "CREATE INDEX IF NOT EXISTS \"index_2_byBox\" ON \"view_thing_1\".\"thing\" (\"boxId\", "
                "\"id\");\n"
                "CREATE INDEX IF NOT EXISTS \"index_3_owner\" ON \"view_thing_1\".\"thing\" (\"owner\", "
                "\"id\");\n");

        buffer_clear(&sql);
        model_ddl(&sql, schema, schema_model(schema, "Box"), "view_box_7");
        ck_assert_ptr_nonnull(strstr(sql.data, "CREATE INDEX IF NOT EXISTS \"index_1_parentId\" ON "
                                               "\"view_box_7\".\"box\" (\"parentId\", \"id\")"));
}
END_TEST

START_TEST(a_fingerprint_follows_the_tables)
{
        _cleanup_(schema_freep) Schema *one = schema_literal("type A @model { x: Int }");
        _cleanup_(schema_freep) Schema *same =
                schema_literal("# another text\ntype A @model { id: ID! x: Int }");
        _cleanup_(schema_freep) Schema *other = schema_literal("type A @model { x: Int! }");
        char a[MODEL_FINGERPRINT_SIZE], b[MODEL_FINGERPRINT_SIZE], c[MODEL_FINGERPRINT_SIZE];

        model_fingerprint(one, one->models[0], a);
        model_fingerprint(same, same->models[0], b);
        model_fingerprint(other, other->models[0], c);
        ck_assert_uint_eq(strlen(a), 64);
        ck_assert_str_eq(a, b);
        ck_assert_str_ne(a, c);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model_ddl");
        TCase *tcase = tcase_create("model_ddl");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, tables_and_indexes);
        tcase_add_test(tcase, a_fingerprint_follows_the_tables);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
