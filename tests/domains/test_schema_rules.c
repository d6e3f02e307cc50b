/*
 * test_schema_rules.c — what a domain's projections write fits the models of its schema.graphql: every
 * field is a column, a row that is put has all required ones, and a constant is a value of its enum.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/domain.h"
#include "common/model/model.h"
#include "common/model/model_column.h"

static const RowValue *find_value(const RowChange *change, const char *field)
{
        for (size_t i = 0; i < change->n_values; i++) {
                if (strcmp(change->values[i].field, field) == 0)
                        return &change->values[i];
        }
        return NULL;
}

static bool enum_has(const EnumType *type, const char *text)
{
        for (size_t i = 0; i < type->n_values; i++) {
                if (strcmp(type->values[i], text) == 0)
                        return true;
        }
        return false;
}

static void check_value(const Model *model, RowChangeKind kind, const RowValue *value,
                        const char *event_type)
{
        const Field *field = model_field(model, value->field);

        ck_assert_msg(field && field->kind == FIELD_COLUMN, "%s sets %s.%s, which is no column",
                      event_type, model->name, value->field);
        if (value->added || kind == ROW_ADD)
                ck_assert_msg(value->added == model_column_is_number(field),
                              "%s of a shared row: %s.%s is %s", event_type, model->name,
                              value->field, value->added ? "no Int" : "an Int, and not added to");
        if (field->scalar == SCALAR_ENUM && value->text)
                ck_assert_msg(enum_has(field->enum_type, value->text),
                              "%s sets %s.%s to %s, which is no value of %s", event_type,
                              model->name, value->field, value->text, field->enum_type->name);
}

static void check_required(const Model *model, const RowChange *change, const char *event_type)
{
        for (size_t i = 0; i < model->n_fields; i++) {
                const Field *field = &model->fields[i];

                if (field->kind == FIELD_COLUMN && field->required && !field->default_text &&
                    strcmp(field->name, "id") != 0 &&
                    !(change->kind == ROW_ADD && model_column_is_number(field)))
                        ck_assert_msg(find_value(change, field->name),
                                      "%s puts a row of %s without %s", event_type, model->name,
                                      field->name);
        }
}

/* The fields that a projection names do not depend on the data, so none is needed to see them. */
static void check_projection(const Schema *schema, const Projection *projection)
{
        const Model *model = schema_model(schema, projection->model);
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();
        _cleanup_(json_fields_deinit) JsonFields data = JSON_FIELDS_INIT;
        const Event event = { .type = projection->event_type, .aggregate_id = "a" };

        ck_assert_msg(model, "there is no model %s", projection->model);
        ck_assert_int_eq(json_fields_parse(&data, "{}", 2, NULL), ERROR_NONE);
        projection->project(&event, &data, changes);
        for (size_t i = 0; i < row_changes_count(changes); i++) {
                const RowChange *change = row_changes_at(changes, i);

                for (size_t j = 0; j < change->n_values; j++)
                        check_value(model, change->kind, &change->values[j],
                                    projection->event_type);
                if (change->kind == ROW_PUT || change->kind == ROW_ADD)
                        check_required(model, change, projection->event_type);
        }
}

START_TEST(projections_fit_the_models)
{
        _cleanup_(schema_freep) Schema *schema = NULL;
        Error err = ERROR_INIT;

        ck_assert_msg(schema_load(&schema, SCHEMA_FILE, &err) == ERROR_NONE, "%s", err.message);
        for (const AggregateType *const *type = domain_aggregates; *type; type++) {
                for (const Projection *p = (*type)->projections; p->event_type; p++)
                        check_projection(schema, p);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("schema_rules");
        TCase *tcase = tcase_create("schema_rules");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, projections_fit_the_models);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
