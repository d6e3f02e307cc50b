/* schema_relations.c — @hasMany and @belongsTo: which column holds whose id. */

#include <string.h>

#include "common/model/schema_directives.h"

/* The column @name of @model, which must be able to hold an id. */
static ErrorCode find_reference(const SchemaCheck *check, const Model *model, const char *name,
                                SdlPosition at, char **ret)
{
        const Field *column = schema_field(model, name);

        if (!column)
                return schema_fault(check, at, "model %s has no field \"%s\"", model->name, name);
        if (column->kind != FIELD_COLUMN || column->list ||
            (column->scalar != SCALAR_ID && column->scalar != SCALAR_STRING))
                return schema_fault(check, at, "%s.%s cannot hold an id: it must be of type ID",
                                    model->name, name);
        *ret = column->name;
        return ERROR_NONE;
}

static ErrorCode one_string(const SchemaCheck *check, const SdlValue *value, const char *what)
{
        if (sdl_items_count(value) != 1)
                return schema_fault(check, value->at, "%s must name exactly one field", what);
        return ERROR_NONE;
}

static ErrorCode index_reference(const SchemaCheck *check, const Model *related,
                                 const SdlValue *name, char **ret)
{
        for (size_t i = 0; i < related->n_indexes; i++)
                if (strcmp(related->indexes[i].name, name->text) == 0)
                        return find_reference(check, related, related->indexes[i].fields[0],
                                              name->at, ret);
        return schema_fault(check, name->at, "model %s has no index called \"%.63s\"",
                            related->name, name->text);
}

static ErrorCode check_has_many(const SchemaCheck *check, const SdlField *written,
                                const SdlDirective *directive, Field *field)
{
        const SdlValue *references = sdl_argument(directive->arguments, "references");
        const SdlValue *index_name = sdl_argument(directive->arguments, "indexName");
        const SdlValue *fields = sdl_argument(directive->arguments, "fields");
        ErrorCode code;

        field->kind = FIELD_HAS_MANY;
        if (!field->list)
                return schema_fault(check, written->type_at, "@hasMany needs a list: %s: [%s]",
                                    field->name, field->related_name);
        if (fields && (sdl_items_count(fields) != 1 || strcmp(sdl_items(fields)->text, "id") != 0))
                return schema_fault(check, fields->at,
                                    "relations go by the id: fields can only be [\"id\"]");
        if (!references == !index_name)
                return schema_fault(check, directive->at,
                                    "@hasMany needs either references or indexName: which field "
                                    "of %s holds this model's id?",
                                    field->related_name);
        if (index_name)
                return index_reference(check, field->related, index_name, &field->reference);
        code = one_string(check, references, "references");
        return code ? code
                    : find_reference(check, field->related, sdl_items(references)->text,
                                     references->at, &field->reference);
}

static ErrorCode check_belongs_to(const SchemaCheck *check, const Model *model,
                                  const SdlField *written, const SdlDirective *directive,
                                  Field *field)
{
        const SdlValue *references = sdl_argument(directive->arguments, "references");
        const SdlValue *fields = sdl_argument(directive->arguments, "fields");
        ErrorCode code;

        field->kind = FIELD_BELONGS_TO;
        if (field->list)
                return schema_fault(check, written->type_at,
                                    "@belongsTo needs a single %s, not a list",
                                    field->related_name);
        if (!references == !fields)
                return schema_fault(check, directive->at,
                                    "@belongsTo needs either references or fields: which field of "
                                    "%s holds the id of %s?",
                                    model->name, field->related_name);
        if (!references)
                references = fields;
        code = one_string(check, references, "@belongsTo");
        return code ? code
                    : find_reference(check, model, sdl_items(references)->text, references->at,
                                     &field->reference);
}

static ErrorCode check_field(const SchemaCheck *check, const Model *model, const SdlField *written,
                             Field *field)
{
        const SdlDirective *has_many = sdl_directive(written->directives, "hasMany");
        const SdlDirective *belongs_to = sdl_directive(written->directives, "belongsTo");

        if (!field->related) {
                if (!has_many && !belongs_to)
                        return ERROR_NONE;
                return schema_fault(check, has_many ? has_many->at : belongs_to->at,
                                    "\"%s\" is no relation: %s is not a model", field->name,
                                    written->type);
        }
        if (!has_many == !belongs_to)
                return schema_fault(check, written->at,
                                    "\"%s\" needs either @hasMany or @belongsTo", field->name);
        return has_many ? check_has_many(check, written, has_many, field)
                        : check_belongs_to(check, model, written, belongs_to, field);
}

ErrorCode schema_check_relations(SchemaCheck *check)
{
        for (size_t i = 0; i < check->schema->n_models; i++) {
                const Model *model = check->schema->models[i];

                for (const SdlField *written = check->types[i]->fields; written;
                     written = written->next) {
                        ErrorCode code = check_field(check, model, written,
                                                     schema_field(model, written->name));

                        if (code)
                                return code;
                }
        }
        return ERROR_NONE;
}
