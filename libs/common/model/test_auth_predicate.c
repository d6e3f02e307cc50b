#include <stdlib.h>

#include "common/model/auth_predicate.h"
#include "test_schema_literal.h"

static const char text[] =
        "type Project @model @auth(rules: [{ allow: owner } { allow: groups, groups: [\"Admin\"] }\n"
        "  { allow: groups, groups: [\"Developer\"], operations: [read] }]) { owner: String }\n"
        "type Service @model { projectId: ID! p: Project @belongsTo(fields: \"projectId\") }\n"
        "type Metric @model @auth(rules: [{ allow: private, operations: [read] }\n"
        "  { allow: public, operations: [read] }]) { x: Int }\n"
        "type Note @model @auth(rules: [{ allow: owner, operations: [read, create] }\n"
        "  { allow: owner, ownerField: \"editors\" }]) { owner: String editors: [String] }\n"
        "type Nobody @model { x: Int }\n";

static const char *const admin[] = { "Admin" };
static const char *const developer[] = { "Other", "Developer" };

static const Reader alice = { .user = "alice" };
static const Reader root = { .user = "root", .groups = admin, .n_groups = 1 };
static const Reader dev = { .user = "dev", .groups = developer, .n_groups = 2 };
static const Reader key = { .user = "", .api_key = true };
static const Reader nameless = { .user = "" };
/* groups of a key would be a fault elsewhere; they give it nothing */
static const Reader odd_key = { .user = "", .groups = admin, .n_groups = 1, .api_key = true };

#define OWN "(t.\"owner\" = $1::text)"
#define FOLLOW                                                                                    \
        "EXISTS (SELECT 1 FROM read.\"project\" auth WHERE auth.\"id\" = t.\"projectId\""         \
        " AND (auth.\"owner\" = $1::text) AND (auth.\"_aggregate\" = t.\"_aggregate\" OR NOT "    \
        "EXISTS (SELECT 1 FROM read.\"project\" other WHERE other.\"id\" = auth.\"id\" AND "      \
        "other.\"_aggregate\" <> auth.\"_aggregate\" AND (auth.\"_aggregate\" <> auth.\"id\" OR " \
        "other.\"_aggregate\" = t.\"_aggregate\"))))"

static const struct {
        const char *model;
        const Reader *reader;
        AuthOperation operation;
        const char *sql;
} rows[] = {
        { "Project", &alice, AUTH_READ, OWN },
        { "Project", &root, AUTH_READ, "true" },
        { "Project", &root, AUTH_DELETE, "true" },
        { "Project", &dev, AUTH_READ, "true" },
        { "Project", &dev, AUTH_UPDATE, OWN },
        { "Project", &key, AUTH_READ, "false" },
        { "Project", &nameless, AUTH_READ, "false" },
        { "Project", &odd_key, AUTH_READ, "false" },
        { "Service", &alice, AUTH_READ, FOLLOW },
        { "Service", &root, AUTH_READ, "true" },
        { "Service", &key, AUTH_READ, "false" },
        { "Metric", &alice, AUTH_READ, "true" },
        { "Metric", &key, AUTH_READ, "true" },
        { "Metric", &nameless, AUTH_READ, "false" },
        { "Metric", &root, AUTH_CREATE, "false" },
        { "Note", &alice, AUTH_READ, "(t.\"owner\" = $1::text OR $1::text = ANY (t.\"editors\"))" },
        { "Note", &alice, AUTH_UPDATE, "($1::text = ANY (t.\"editors\"))" },
        { "Nobody", &root, AUTH_READ, "false" },
};

START_TEST(who_reaches_what)
{
        _cleanup_(schema_freep) Schema *schema = schema_literal(text);
        _cleanup_(sql_text_deinit) SqlText sql = SQL_TEXT_INIT;
        size_t user_param = 0;

        auth_predicate(&sql, schema_model(schema, rows[_i].model), rows[_i].reader,
                       rows[_i].operation, &user_param, "t");
        ck_assert_str_eq(buffer_text(&sql.text), rows[_i].sql);
        ck_assert_uint_eq(user_param, sql.n_params);
        ck_assert_uint_eq(sql.n_params, strstr(rows[_i].sql, "$1") ? 1 : 0);
}
END_TEST

START_TEST(the_user_is_one_parameter)
{
        _cleanup_(schema_freep) Schema *schema = schema_literal(text);
        _cleanup_(sql_text_deinit) SqlText sql = SQL_TEXT_INIT;
        const Model *model = schema_model(schema, "Project");
        size_t user_param = 0;

        (void)sql_param_value(&sql, "something else");
        auth_predicate(&sql, model, &alice, AUTH_READ, &user_param, "a");
        auth_predicate(&sql, model, &alice, AUTH_READ, &user_param, "b");
        ck_assert_str_eq(buffer_text(&sql.text),
                         "(a.\"owner\" = $2::text)(b.\"owner\" = $2::text)");
        ck_assert_uint_eq(sql.n_params, 2);
        ck_assert_str_eq(sql.params[1], "alice");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("auth_predicate");
        TCase *tcase = tcase_create("auth_predicate");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_loop_test(tcase, who_reaches_what, 0, ARRAY_SIZE(rows));
        tcase_add_test(tcase, the_user_is_one_parameter);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
