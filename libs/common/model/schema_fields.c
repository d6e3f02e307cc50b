/* schema_fields.c — fields: names, types, defaults. */

#include <string.h>

#include "common/model/model_value.h"
#include "common/model/schema_directives.h"

typedef struct ScalarName {
        const char *name;
        ScalarType scalar;
} ScalarName;

static const ScalarName scalar_names[] = {
        { "ID", SCALAR_ID },
        { "String", SCALAR_STRING },
        { "Int", SCALAR_INT },
        { "Float", SCALAR_FLOAT },
        { "Boolean", SCALAR_BOOLEAN },
        { "AWSDateTime", SCALAR_DATETIME },
        { "AWSDate", SCALAR_DATE },
        { "AWSTime", SCALAR_TIME },
        { "AWSTimestamp", SCALAR_TIMESTAMP },
        { "AWSJSON", SCALAR_JSON },
        { "AWSEmail", SCALAR_EMAIL },
        { "AWSURL", SCALAR_URL },
        { "AWSPhone", SCALAR_PHONE },
        { "AWSIPAddress", SCALAR_IP },
};

/* Columns that every table of PostgreSQL has already. */
static const char *const system_columns[] = { "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid" };

Field *schema_field(const Model *model, const char *name)
{
        for (size_t i = 0; i < model->n_fields; i++)
                if (strcmp(model->fields[i].name, name) == 0)
                        return &model->fields[i];
        return NULL;
}

static ErrorCode check_field_name(const SchemaCheck *check, const Model *model,
                                  const SdlField *written)
{
        if (written->name[0] == '_')
                return schema_fault(check, written->at, "names do not begin with \"_\"");
        for (size_t i = 0; i < ARRAY_SIZE(system_columns); i++)
                if (strcmp(system_columns[i], written->name) == 0)
                        return schema_fault(check, written->at,
                                            "\"%s\" is a name that PostgreSQL keeps for itself",
                                            written->name);
        if (schema_field(model, written->name))
                return schema_fault(check, written->at, "model %s has the field \"%s\" twice",
                                    model->name, written->name);
        return ERROR_NONE;
}

static ErrorCode check_field_type(const SchemaCheck *check, const SdlField *written, Field *field)
{
        for (size_t i = 0; i < ARRAY_SIZE(scalar_names); i++) {
                if (strcmp(scalar_names[i].name, written->type) == 0) {
                        field->scalar = scalar_names[i].scalar;
                        return ERROR_NONE;
                }
        }
        for (size_t i = 0; i < check->schema->n_enums; i++) {
                if (strcmp(check->schema->enums[i]->name, written->type) == 0) {
                        field->scalar = SCALAR_ENUM;
                        field->enum_type = check->schema->enums[i];
                        return ERROR_NONE;
                }
        }
        field->related = schema_model(check->schema, written->type);
        if (!field->related)
                return schema_fault(check, written->type_at, "unknown type \"%s\"", written->type);
        field->related_name = field->related->name;
        field->kind = FIELD_HAS_MANY; /* which one it is, schema_relations.c finds out */
        return ERROR_NONE;
}

static ErrorCode check_default(const SchemaCheck *check, const SdlField *written, Field *field)
{
        const SdlDirective *directive = sdl_directive(written->directives, "default");
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        const SdlValue *value;
        Error fault = ERROR_INIT;

        if (!directive)
                return ERROR_NONE;
        if (field->kind != FIELD_COLUMN || field->list || strcmp(field->name, "id") == 0)
                return schema_fault(check, directive->at,
                                    "@default is for plain fields other than the id");
        value = sdl_argument(directive->arguments, "value");
        if (model_value_parse(field, value->text, &text, &fault))
                return schema_fault(check, value->at, "default: %s", fault.message);
        field->default_text = arena_copy(check->arena, buffer_text(&text));
        return ERROR_NONE;
}

static ErrorCode check_id(const SchemaCheck *check, const SdlField *written, Field *field)
{
        if (field->kind != FIELD_COLUMN || field->list ||
            (field->scalar != SCALAR_ID && field->scalar != SCALAR_STRING))
                return schema_fault(check, written->type_at, "the id must be of type ID");
        field->required = true;
        return ERROR_NONE;
}

static ErrorCode check_field(const SchemaCheck *check, Model *model, const SdlField *written,
                             Field *field)
{
        ErrorCode code = check_field_name(check, model, written);

        if (!code)
                code = schema_check_directives(check, written->directives, DIRECTIVE_ON_FIELD);
        if (code)
                return code;
        *field = (Field){
                .name = arena_copy(check->arena, written->name),
                .kind = FIELD_COLUMN,
                .required = written->required,
                .list = written->list,
                .items_required = written->items_required,
        };
        code = check_field_type(check, written, field);
        if (!code)
                code = check_default(check, written, field);
        if (!code && strcmp(field->name, "id") == 0)
                code = check_id(check, written, field);
        return code;
}

/* The id comes first; a model that names none gets one. */
static ErrorCode check_model(const SchemaCheck *check, Model *model,
                             const SdlDefinition *definition)
{
        model->fields = arena_alloc(check->arena, definition->n_fields + 1, sizeof *model->fields);
        model->fields[model->n_fields++] = (Field){ .name = arena_copy(check->arena, ""),
                                                    .scalar = SCALAR_ID,
                                                    .required = true };
        for (const SdlField *written = definition->fields; written; written = written->next) {
                bool is_id = strcmp(written->name, "id") == 0;
                Field field;
                ErrorCode code = check_field(check, model, written, &field);

                if (code)
                        return code;
                model->fields[is_id ? 0 : model->n_fields++] = field;
        }
        if (!*model->fields[0].name)
                model->fields[0].name = arena_copy(check->arena, "id");
        return ERROR_NONE;
}

ErrorCode schema_check_fields(SchemaCheck *check)
{
        for (size_t i = 0; i < check->schema->n_models; i++) {
                ErrorCode code = check_model(check, check->schema->models[i], check->types[i]);

                if (code)
                        return code;
        }
        return ERROR_NONE;
}
