#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buffer.h"
#include "common/model/model.h"

static const char everything[] =
        "\xef\xbb\xbf# a comment, then a description\n"
        "\"\"\"\nThe state \"\"\"\n"
        "enum State { \"on\" ON, OFF }\n"
        "type ServiceEntry @model @auth(rules: [\n"
        "    { allow: owner, ownerField: \"editors\", operations: [read, update] }\n"
        "    { allow: groups, groups: [\"Admin\", \"Ops\"], provider: oidc }\n"
        "    { allow: private, operations: read }\n"
        "    { allow: public, provider: apiKey, operations: [read] }\n"
        "]) {\n"
        "    title: String! @index(sortKeyFields: [\"at\"])\n"
        "        @index(name: \"byTitle\", queryField: null)\n"
        "    at: AWSDateTime @default(value: \"2026-01-31T12:00:00+02:00\")\n"
        "    id: ID\n"
        "    state: State @default(value: OFF)\n"
        "    count: Int @default(value: -7)\n"
        "    ratio: Float @default(value: 1.5e3)\n"
        "    good: Boolean @default(value: true)\n"
        "    editors: [String!]\n"
        "    states: [State]!\n"
        "    raw: AWSJSON @default(value: \"{\\\"a\\\": 1}\")\n"
        "    day: AWSDate time: AWSTime stamp: AWSTimestamp\n"
        "    mail: AWSEmail url: AWSURL phone: AWSPhone ip: AWSIPAddress\n"
        "    parts: [Part!]! @hasMany(indexName: \"byEntry\", fields: [\"id\"])\n"
        "}\n"
        "type Part @model {\n"
        "    entryId: ID! @index(name: \"byEntry\", queryField: \"partsOfEntry\")\n"
        "    entry: ServiceEntry @belongsTo(fields: \"entryId\")\n"
        "}\n";

START_TEST(all_that_a_schema_can_say)
{
        _cleanup_(schema_freep) Schema *schema = NULL;
        Error err = ERROR_INIT;
        const Model *entry, *part;

        ck_assert_msg(!schema_parse(&schema, "s", everything, strlen(everything), &err), "%s",
                      err.message);
        ck_assert_uint_eq(schema->n_models, 2);
        entry = schema_model(schema, "ServiceEntry");
        part = schema_model_by_path(schema, "parts");
        ck_assert_ptr_eq(schema_model_by_view(schema, "service_entry"), entry);
        ck_assert_str_eq(entry->path, "service-entries");
        ck_assert_ptr_null(schema_model(schema, "Nothing"));
        ck_assert_ptr_null(schema_model_by_view(schema, "ServiceEntry"));
        ck_assert_ptr_null(schema_model_by_path(schema, "part"));
        ck_assert_ptr_null(model_field(entry, "nothing"));

        /* the id first, whether it was written or not, and never null */
        ck_assert_str_eq(entry->fields[0].name, "id");
        ck_assert(entry->fields[0].required);
        ck_assert_str_eq(part->fields[0].name, "id");
        ck_assert_uint_eq(entry->n_fields, 18);

        ck_assert_str_eq(model_field(entry, "at")->default_text, "2026-01-31T10:00:00.000000Z");
        ck_assert_str_eq(model_field(entry, "state")->default_text, "OFF");
        ck_assert_str_eq(model_field(entry, "state")->enum_type->values[0], "ON");
        ck_assert_str_eq(model_field(entry, "count")->default_text, "-7");
        ck_assert_str_eq(model_field(entry, "ratio")->default_text, "1.5e3");
        ck_assert_str_eq(model_field(entry, "good")->default_text, "true");
        ck_assert_str_eq(model_field(entry, "raw")->default_text, "{\"a\": 1}");
        ck_assert(model_field(entry, "editors")->list);
        ck_assert(model_field(entry, "editors")->items_required);
        ck_assert(!model_field(entry, "editors")->required);
        ck_assert(model_field(entry, "states")->required);
        ck_assert_int_eq(model_field(entry, "stamp")->scalar, SCALAR_TIMESTAMP);
        ck_assert_int_eq(model_field(entry, "ip")->scalar, SCALAR_IP);
}
END_TEST

START_TEST(relations_and_indexes)
{
        _cleanup_(schema_freep) Schema *schema = NULL;
        const Model *entry, *part;
        const Field *field;

        ck_assert(!schema_parse(&schema, "s", everything, strlen(everything), NULL));
        entry = schema_model(schema, "ServiceEntry");
        part = schema_model(schema, "Part");

        field = model_field(entry, "parts");
        ck_assert_int_eq(field->kind, FIELD_HAS_MANY);
        ck_assert_ptr_eq(field->related, part);
        ck_assert_str_eq(field->reference, "entryId");
        field = model_field(part, "entry");
        ck_assert_int_eq(field->kind, FIELD_BELONGS_TO);
        ck_assert_ptr_eq(field->related, entry);
        ck_assert_str_eq(field->reference, "entryId");

        ck_assert_uint_eq(entry->n_indexes, 2);
        ck_assert_str_eq(entry->indexes[0].name, "serviceEntriesByTitleAndAt");
        ck_assert_str_eq(entry->indexes[0].query_field, "serviceEntriesByTitleAndAt");
        ck_assert_uint_eq(entry->indexes[0].n_fields, 2);
        ck_assert_str_eq(entry->indexes[0].fields[1], "at");
        ck_assert_str_eq(entry->indexes[1].name, "byTitle");
        ck_assert_ptr_null(entry->indexes[1].query_field);
        ck_assert_str_eq(part->indexes[0].query_field, "partsOfEntry");
}
END_TEST

START_TEST(rules_as_in_amplify)
{
        _cleanup_(schema_freep) Schema *schema = NULL;
        const Model *entry, *part;

        ck_assert(!schema_parse(&schema, "s", everything, strlen(everything), NULL));
        entry = schema_model(schema, "ServiceEntry");
        part = schema_model(schema, "Part");
        ck_assert_uint_eq(entry->n_rules, 4);
        ck_assert_int_eq(entry->rules[0].allow, AUTH_OWNER);
        ck_assert_str_eq(entry->rules[0].owner_field, "editors");
        ck_assert_uint_eq(entry->rules[0].operations, AUTH_READ | AUTH_UPDATE);
        ck_assert_int_eq(entry->rules[1].allow, AUTH_GROUPS);
        ck_assert_uint_eq(entry->rules[1].n_groups, 2);
        ck_assert_str_eq(entry->rules[1].groups[1], "Ops");
        ck_assert_uint_eq(entry->rules[1].operations, AUTH_ALL);
        ck_assert_int_eq(entry->rules[2].allow, AUTH_PRIVATE);
        ck_assert_int_eq(entry->rules[3].allow, AUTH_PUBLIC);
        ck_assert_ptr_null(entry->auth_from);
        ck_assert_uint_eq(part->n_rules, 0);
        ck_assert_ptr_eq(part->auth_from, entry);
        ck_assert_str_eq(part->auth_reference, "entryId");
}
END_TEST

/* Texts that are refused, and the message. A text without "type" is the body of type A @model. */
static const struct {
        const char *text, *message;
} refused[] = {
        /* tokens */
        { "id: ID! ; x: Int", "1:23: unexpected \";\"" },
        { "id: ID!\n\n  \x01", "3:3: unexpected byte 0x01" },
        { "x: Int @default(value: 01)", "1:38: not a number" },
        { "x: Int @default(value: 1.)", "1:38: not a number" },
        { "x: Int @default(value: 1e)", "1:38: not a number" },
        { "x: Int @default(value: 1a)", "1:38: not a number" },
        { "x: Int @default(value: -)", "1:38: not a number" },
        { "x: String @default(value: \"a\nb\")", "1:41: string is not closed" },
        { "x: String @default(value: \"\\q\")", "1:41: bad escape in a string" },
        { "x: String @default(value: \"\\u0000\")", "1:41: bad escape in a string" },
        { "x: String @default(value: \"\\ud800\")", "1:41: bad escape in a string" },
        { "\"\"\"ab\n\"\" x: Int", "1:15: block string is not closed" },
        { "é: Int", "1:15: unexpected byte 0xc3" },
        { "\"größe\" x Int", "1:25: expected \":\" and the field's type, found \"Int\"" },
        { "type A @model { x: Int .. }", "1:24: unexpected \".\"" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: Int",
          "1:15: name is longer than 63 bytes" },
        /* grammar */
        { "type A @model", "1:14: expected \"{\", found the end of the text" },
        { "type A @model { x: Int",
          "1:23: expected the name of a field, found the end of the text" },
        { "type { x: Int }", "1:6: expected the name of the type, found \"{\"" },
        { "type A @model { x: [Int }", "1:25: expected \"]\", found \"}\"" },
        { "type A @model { x: [[Int]] }", "1:21: lists of lists are not supported" },
        { "type A @model { x(a: Int): Int }", "1:18: fields with arguments are not supported" },
        { "type A implements B @model { x: Int }", "1:8: interfaces are not supported" },
        { "type A @ { x: Int }", "1:10: expected the name of a directive, found \"{\"" },
        { "x: Int @default(value 1)",
          "1:37: expected \":\" and the argument's value, found \"1\"" },
        { "x: Int @default(value: )", "1:38: expected a value, found \")\"" },
        { "x: Int @default(value: 1, value: 2)", "1:41: argument \"value\" is given twice" },
        { "x: Int @default(value: [[[[[[[[[1]]]]]]]]])", "1:46: nested more than 8 levels deep" },
        { "input type A { x: Int }",
          "1:1: \"input\" is not supported here: only type and enum definitions are" },
        { "extend type A { x: Int }",
          "1:1: \"extend\" is not supported here: only type and enum definitions are" },
        { "{ type A }", "1:1: expected \"type\" or \"enum\", found \"{\"" },
        { "\"type\"", "1:7: expected \"type\" or \"enum\", found the end of the text" },
        /* definitions */
        { "# no type\n", "1:1: there is no type with @model" },
        { "type A { id: ID! }",
          "1:6: type A has no @model: types that are not models are not supported" },
        { "type A @model { id: ID! } enum A { B }",
          "1:32: \"A\" is defined twice, first on line 1" },
        { "type Query @model { id: ID! }", "1:6: \"Query\" is reserved" },
        { "type String @model { id: ID! }", "1:6: \"String\" is reserved" },
        { "type Checkpoint @model { id: ID! }", "1:6: \"Checkpoint\" is reserved" },
        { "type Command @model { id: ID! }", "1:6: \"Command\" is reserved" },
        { "type _A @model { id: ID! }", "1:6: names do not begin with \"_\"" },
        { "type AB @model { id: ID! } type Ab @model { id: ID! }",
          "1:33: models AB and Ab would share the path \"abs\"" },
        { "type Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa @model { id: ID! }",
          "1:6: name of model Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa is too long" },
        { "enum E { } type A @model { id: ID! }", "1:6: enum E has no values" },
        { "enum E { A B A } type X @model { id: ID! }", "1:14: enum E has the value \"A\" twice" },
        { "enum E { true } type X @model { id: ID! }",
          "1:10: an enum's value cannot be called \"true\"" },
        { "enum E { A @index } type X @model { id: ID! }",
          "1:13: @index cannot stand on an enum, only on a field" },
        /* fields */
        { "x: Strin", "1:18: unknown type \"Strin\"" },
        { "x: Int x: Int", "1:22: model A has the field \"x\" twice" },
        { "id: ID! id: ID!", "1:23: model A has the field \"id\" twice" },
        { "_x: Int", "1:15: names do not begin with \"_\"" },
        { "ctid: Int", "1:15: \"ctid\" is a name that PostgreSQL keeps for itself" },
        { "id: Int!", "1:19: the id must be of type ID" },
        { "id: [ID]", "1:20: the id must be of type ID" },
        { "x: Int @default(value: \"a\")",
          "1:38: default: x must be a whole number from -2147483648 to 2147483647" },
        { "x: AWSDateTime @default(value: \"now\")",
          "1:46: default: x must be an RFC 3339 time such as 2026-01-31T23:59:59.123Z" },
        { "x: Int @default(value: null)",
          "1:38: argument \"value\" of @default must be a plain value" },
        { "x: Int @default(value: [1])",
          "1:38: argument \"value\" of @default must be a plain value" },
        { "x: [Int] @default(value: 1)", "1:25: @default is for plain fields other than the id" },
        { "id: ID! @default(value: \"a\")",
          "1:24: @default is for plain fields other than the id" },
        /* directives */
        { "x: Int @primaryKey", "1:23: unknown directive @primaryKey; there are @model, @auth, "
                                "@index, @default, @hasMany, @belongsTo" },
        { "x: Int @model", "1:23: @model cannot stand on a field, only on a type" },
        { "x: Int @default(value: 1) @default(value: 2)", "1:42: @default is given twice" },
        { "x: Int @default", "1:23: @default needs the argument \"value\"" },
        { "x: Int @index(label: \"a\")",
          "1:29: @index has no argument \"label\"; it takes name, sortKeyFields, queryField" },
        { "type A @model(queries: null) { x: Int }",
          "1:15: @model has no argument \"queries\"; it takes none" },
        { "x: Int @index(name: 1)", "1:35: argument \"name\" of @index must be a string" },
        { "x: Int @index(name: [\"a\"])", "1:35: argument \"name\" of @index must be a string" },
        { "x: Int @index(sortKeyFields: [y])",
          "1:45: argument \"sortKeyFields\" of @index must be a list of strings" },
        /* indexes */
        { "x: Int @index(sortKeyFields: [\"y\"])", "1:45: model A has no field \"y\"" },
        { "x: Int @index(sortKeyFields: [\"x\"])", "1:45: \"x\" is in the index twice" },
        { "x: AWSJSON @index", "1:27: \"x\" cannot be in an index: it has no order" },
        { "x: [Int] @index", "1:25: \"x\" cannot be in an index: it has no order" },
        { "x: Int @index(name: \"i\") y: Int @index(name: \"i\")",
          "1:48: model A has two indexes called \"i\"" },
        { "x: Int @index(name: \"i\") y: Int @index(name: \"j\", queryField: \"asByX\")",
          "1:48: two indexes have the query field \"asByX\"" },
        { "x: Int @index(name: \"\")", "1:35: the name of an index cannot be empty" },
        { "x: Int @index(queryField: \"1a\")", "1:41: \"1a\" is not a name for a query" },
        /* relations */
        { "x: A", "1:15: \"x\" needs either @hasMany or @belongsTo" },
        { "y: ID x: [A] @hasMany(references: \"y\") @belongsTo(fields: \"y\")",
          "1:21: \"x\" needs either @hasMany or @belongsTo" },
        { "x: Int @hasMany(references: \"x\")", "1:23: \"x\" is no relation: Int is not a model" },
        { "y: ID x: A @hasMany(references: \"y\")", "1:24: @hasMany needs a list: x: [A]" },
        { "y: ID x: [A] @belongsTo(fields: \"y\")",
          "1:25: @belongsTo needs a single A, not a list" },
        { "x: [A] @hasMany", "1:23: @hasMany needs either references or indexName: which field of "
                             "A holds this model's id?" },
        { "y: ID @index(name: \"i\") x: [A] @hasMany(references: \"y\", indexName: \"i\")",
          "1:47: @hasMany needs either references or indexName: which field of A holds this "
          "model's id?" },
        { "x: A @belongsTo", "1:21: @belongsTo needs either references or fields: which field of A "
                             "holds the id of A?" },
        { "x: [A] @hasMany(references: \"y\")", "1:43: model A has no field \"y\"" },
        { "y: Int x: [A] @hasMany(references: \"y\")",
          "1:50: A.y cannot hold an id: it must be of type ID" },
        { "y: ID x: [A] @hasMany(references: [\"y\", \"id\"])",
          "1:49: references must name exactly one field" },
        { "x: [A] @hasMany(indexName: \"i\")", "1:42: model A has no index called \"i\"" },
        { "y: ID x: [A] @hasMany(references: \"y\", fields: [\"y\"])",
          "1:62: relations go by the id: fields can only be [\"id\"]" },
        { "x: A @belongsTo(fields: [])", "1:39: @belongsTo must name exactly one field" },
        /* rules */
        { "type A @model @auth(rules: []) { id: ID }", "1:28: @auth needs at least one rule" },
        { "type A @model @auth(rules: [{}]) { id: ID }",
          "1:29: a rule of @auth needs the argument \"allow\"" },
        { "type A @model @auth(rules: [owner]) { id: ID }",
          "1:29: argument \"rules\" of @auth must be a list of { … }" },
        { "type A @model @auth(rules: [{ allow: \"owner\" }]) { id: ID }",
          "1:38: argument \"allow\" of a rule of @auth must be a name" },
        { "type A @model @auth(rules: [{ allow: custom }]) { id: ID }",
          "1:38: allow: custom is not supported; owner, groups, private and public are" },
        { "type A @model @auth(rules: [{ allow: public, provider: iam }]) { id: ID }",
          "1:56: provider iam is not supported for allow: public; apiKey is" },
        { "type A @model @auth(rules: [{ allow: owner }]) { id: ID }",
          "1:29: the rule needs the field \"owner\", which model A has not" },
        { "type A @model @auth(rules: [{ allow: owner, ownerField: \"x\" }]) { x: Int }",
          "1:57: owner field A.x must be of type String or [String]" },
        { "type A @model @auth(rules: [{ allow: private, ownerField: \"x\" }]) { x: Int }",
          "1:59: ownerField is for allow: owner" },
        { "type A @model @auth(rules: [{ allow: private, groups: [\"x\"] }]) { x: Int }",
          "1:55: groups is for allow: groups" },
        { "type A @model @auth(rules: [{ allow: groups }]) { x: Int }",
          "1:29: allow: groups needs groups: [\"…\"]" },
        { "type A @model @auth(rules: [{ allow: groups, groups: [\"\"] }]) { x: Int }",
          "1:55: a group's name cannot be empty" },
        { "type A @model @auth(rules: [{ allow: groups, groupsField: \"x\" }]) { x: Int }",
          "1:46: a rule of @auth has no argument \"groupsField\"; it takes allow, provider, "
          "ownerField, groups, operations" },
        { "type A @model @auth(rules: [{ allow: private, operations: [] }]) { x: Int }",
          "1:59: operations cannot be empty" },
        { "type A @model @auth(rules: [{ allow: private, operations: [list] }]) { x: Int }",
          "1:60: operation list is not supported; create, read, update and delete are" },
        { "type A @model @auth(rules: [{ allow: private }]) { id: ID } "
          "type B @model { a: ID b: ID x: A @belongsTo(fields: \"a\") y: A @belongsTo(fields: \"b\") }",
          "1:66: model B has no @auth and belongs to A by a and to A by b: give it rules of its "
          "own" },
};

START_TEST(faults_name_their_place)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT, message = BUFFER_INIT;
        Schema *schema = NULL;
        Error err = ERROR_INIT;
        const char *body = refused[_i].text;

        if (strstr(body, "type") || strchr(body, '#'))
                buffer_append_string(&text, body);
        else
                buffer_printf(&text, "type A@model{ %s }", body);
        buffer_printf(&message, "x.graphql:%s", refused[_i].message);
        ck_assert_msg(schema_parse(&schema, "x.graphql", text.data, text.size, &err) ==
                              ERROR_MALFORMED,
                      "accepted: %s", text.data);
        ck_assert_str_eq(err.message, buffer_text(&message));
        ck_assert_ptr_null(schema);
}
END_TEST

static ErrorCode parse(const Buffer *text, Error *err)
{
        _cleanup_(schema_freep) Schema *schema = NULL;

        return schema_parse(&schema, "s", text->data, text->size, err);
}

START_TEST(sizes_have_limits)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        Error err = ERROR_INIT;

        buffer_append_string(&text, "type A @model {");
        for (int i = 0; i < 250; i++)
                buffer_printf(&text, " f%d: Int", i);
        buffer_append_char(&text, '}');
        ck_assert_int_eq(parse(&text, NULL), ERROR_NONE);
        text.size--;
        buffer_append_string(&text, " g: Int }");
        ck_assert_int_eq(parse(&text, &err), ERROR_MALFORMED);
        ck_assert_ptr_nonnull(strstr(err.message, "more than 250 fields in one type"));

        buffer_clear(&text);
        for (int i = 0; i < 401; i++)
                buffer_printf(&text, "enum E%d { A }\n", i);
        ck_assert_int_eq(parse(&text, &err), ERROR_MALFORMED);
        ck_assert_str_eq(err.message, "s:401:1: more than 400 types and enums");

        buffer_clear(&text);
        buffer_append_string(&text, "type A @model { x: Int }");
        while (text.size <= 1048576)
                buffer_append_string(&text, "# more and more\n");
        ck_assert_int_eq(parse(&text, &err), ERROR_MALFORMED);
        ck_assert_str_eq(err.message, "s:1:1: longer than 1048576 bytes");
}
END_TEST

START_TEST(text_is_utf8_without_nul)
{
        static const char nul[] = "type A @model { x: Int }\n \0";
        static const char latin[] = "# gr\xfc\xdf";
        Schema *schema = NULL;
        Error err = ERROR_INIT;

        ck_assert(schema_parse(&schema, "s", nul, sizeof nul - 1, &err));
        ck_assert_str_eq(err.message, "s:2:2: unexpected byte 0x00");
        ck_assert(schema_parse(&schema, "s", latin, sizeof latin - 1, &err));
        ck_assert_str_eq(err.message, "s:1:5: not UTF-8");
        ck_assert(schema_parse(&schema, "s", "", 0, &err));
}
END_TEST

START_TEST(a_file_that_is_not_there)
{
        Schema *schema = NULL;
        Error err = ERROR_INIT;

        ck_assert_int_eq(schema_load(&schema, "/nowhere/schema.graphql", &err), ERROR_NOT_FOUND);
        ck_assert_str_eq(err.message, "could not open schema \"/nowhere/schema.graphql\": No such "
                                      "file or directory");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("schema");
        TCase *tcase = tcase_create("schema");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, all_that_a_schema_can_say);
        tcase_add_test(tcase, relations_and_indexes);
        tcase_add_test(tcase, rules_as_in_amplify);
        tcase_add_loop_test(tcase, faults_name_their_place, 0, ARRAY_SIZE(refused));
        tcase_add_test(tcase, sizes_have_limits);
        tcase_add_test(tcase, text_is_utf8_without_nul);
        tcase_add_test(tcase, a_file_that_is_not_there);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
