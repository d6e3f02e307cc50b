/*
 * fuzz_sdl.c — schema.graphql. What is accepted is a schema that everything behind can use: it names
 * only what there is, and gives the same tables every time.
 */

#include <string.h>

#include "common/base/utf8.h"
#include "common/model/model_ddl.h"
#include "fuzz.h"

static void check_relation(const Schema *schema, const Model *model, const Field *field)
{
        const Model *holder = field->kind == FIELD_HAS_MANY ? field->related : model;
        const Field *reference = model_field(holder, field->reference);

        FUZZ_CHECK(schema_model(schema, field->related_name) == field->related);
        FUZZ_CHECK(reference && reference->kind == FIELD_COLUMN && !reference->list);
}

static void check_model(const Schema *schema, const Model *model)
{
        char one[MODEL_FINGERPRINT_SIZE], two[MODEL_FINGERPRINT_SIZE];

        FUZZ_CHECK(schema_model_by_view(schema, model->view) == model);
        FUZZ_CHECK(schema_model_by_path(schema, model->path) == model);
        FUZZ_CHECK(model->n_fields && strcmp(model->fields[0].name, "id") == 0);
        for (size_t i = 0; i < model->n_fields; i++) {
                const Field *field = &model->fields[i];

                FUZZ_CHECK(model_field(model, field->name) == field);
                FUZZ_CHECK(strlen(field->name) <= 63);
                if (field->kind == FIELD_COLUMN)
                        FUZZ_CHECK((field->scalar == SCALAR_ENUM) == (field->enum_type != NULL));
                else
                        check_relation(schema, model, field);
        }
        for (size_t i = 0; i < model->n_indexes; i++)
                for (size_t j = 0; j < model->indexes[i].n_fields; j++)
                        FUZZ_CHECK(model_field(model, model->indexes[i].fields[j]));
        FUZZ_CHECK(!model->auth_from || (!model->n_rules && model->auth_from->n_rules));
        model_fingerprint(schema, model, one);
        model_fingerprint(schema, model, two);
        FUZZ_CHECK(strcmp(one, two) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(schema_freep) Schema *schema = NULL;
        Error err = ERROR_INIT;
        ErrorCode code = schema_parse(&schema, "fuzz", (const char *)data, size, &err);

        if (code) {
                FUZZ_CHECK(code == ERROR_MALFORMED && !schema);
                FUZZ_CHECK(strncmp(err.message, "fuzz:", 5) == 0);
                return 0;
        }
        FUZZ_CHECK(schema->n_models && utf8_valid((const char *)data, size));
        for (size_t i = 0; i < schema->n_models; i++)
                check_model(schema, schema->models[i]);
        return 0;
}
