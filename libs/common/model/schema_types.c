/* schema_types.c — the definitions themselves: enums with their values, models with their names. */

#include <string.h>

#include "common/model/model_name.h"
#include "common/model/schema_directives.h"

#define VIEW_BYTES_MAX 48 /* leaves room in "view_<view>_<version>" and in index names */

/* Names that something else has: read.checkpoint and its like stand beside the views, /v1/commands beside
 * models. */
static const char *const reserved_views[] = { "change_position", "checkpoint", "command",
                                              "parked" };

/* What GraphQL, or a type of its own, already means. */
static const char *const reserved_types[] = {
        "ID",           "String",       "Int",     "Float",    "Boolean",      "AWSDateTime",
        "AWSDate",      "AWSTime",      "AWSJSON", "AWSEmail", "AWSURL",       "AWSPhone",
        "AWSIPAddress", "AWSTimestamp", "Query",   "Mutation", "Subscription",
};

static bool is_among(const char *const *names, size_t n_names, const char *name)
{
        for (size_t i = 0; i < n_names; i++)
                if (strcmp(names[i], name) == 0)
                        return true;
        return false;
}

static ErrorCode check_name(const SchemaCheck *check, const SdlDefinition *definition)
{
        if (definition->name[0] == '_')
                return schema_fault(check, definition->at, "names do not begin with \"_\"");
        if (is_among(reserved_types, ARRAY_SIZE(reserved_types), definition->name))
                return schema_fault(check, definition->at, "\"%s\" is reserved", definition->name);
        for (const SdlDefinition *other = check->document->definitions; other != definition;
             other = other->next)
                if (strcmp(other->name, definition->name) == 0)
                        return schema_fault(check, definition->at,
                                            "\"%s\" is defined twice, first on line %u",
                                            definition->name, other->at.line);
        return ERROR_NONE;
}

static ErrorCode check_enum(SchemaCheck *check, const SdlDefinition *definition)
{
        EnumType *type = arena_alloc(check->arena, 1, sizeof *type);

        type->name = arena_copy(check->arena, definition->name);
        type->values = arena_alloc(check->arena, definition->n_fields, sizeof *type->values);
        for (const SdlField *value = definition->fields; value; value = value->next) {
                ErrorCode code =
                        schema_check_directives(check, value->directives, DIRECTIVE_ON_ENUM);

                if (code)
                        return code;
                if (strcmp(value->name, "true") == 0 || strcmp(value->name, "false") == 0 ||
                    strcmp(value->name, "null") == 0)
                        return schema_fault(check, value->at,
                                            "an enum's value cannot be called \"%s\"", value->name);
                for (size_t i = 0; i < type->n_values; i++)
                        if (strcmp(type->values[i], value->name) == 0)
                                return schema_fault(check, value->at,
                                                    "enum %s has the value \"%s\" twice",
                                                    type->name, value->name);
                type->values[type->n_values++] = arena_copy(check->arena, value->name);
        }
        if (!type->n_values)
                return schema_fault(check, definition->at, "enum %s has no values", type->name);
        check->schema->enums[check->schema->n_enums++] = type;
        return schema_check_directives(check, definition->directives, DIRECTIVE_ON_ENUM);
}

/* view and path follow from the name; no two models may share one. */
static ErrorCode name_model(SchemaCheck *check, const SdlDefinition *definition, Model *model)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        model->name = arena_copy(check->arena, definition->name);
        model_name_snake(&text, model->name);
        model->view = arena_copy(check->arena, buffer_text(&text));
        model_name_plural(&text);
        for (char *p = text.data; *p; p++)
                if (*p == '_')
                        *p = '-';
        model->path = arena_copy(check->arena, buffer_text(&text));

        if (text.size > VIEW_BYTES_MAX)
                return schema_fault(check, definition->at, "name of model %s is too long",
                                    model->name);
        if (is_among(reserved_views, ARRAY_SIZE(reserved_views), model->view))
                return schema_fault(check, definition->at, "\"%s\" is reserved", model->name);
        for (size_t i = 0; i < check->schema->n_models; i++) {
                const Model *other = check->schema->models[i];

                if (strcmp(other->view, model->view) == 0 || strcmp(other->path, model->path) == 0)
                        return schema_fault(check, definition->at,
                                            "models %s and %s would share the path \"%s\"",
                                            other->name, model->name, model->path);
        }
        return ERROR_NONE;
}

static ErrorCode check_type(SchemaCheck *check, const SdlDefinition *definition)
{
        Model *model = arena_alloc(check->arena, 1, sizeof *model);
        ErrorCode code = schema_check_directives(check, definition->directives, DIRECTIVE_ON_TYPE);

        if (code)
                return code;
        if (!sdl_directive(definition->directives, "model"))
                return schema_fault(check, definition->at,
                                    "type %s has no @model: types that are not models are not "
                                    "supported",
                                    definition->name);
        code = name_model(check, definition, model);
        if (code)
                return code;
        check->types[check->schema->n_models] = definition;
        check->schema->models[check->schema->n_models++] = model;
        return ERROR_NONE;
}

ErrorCode schema_check_types(SchemaCheck *check)
{
        const SdlDocument *document = check->document;

        check->schema->models =
                arena_alloc(check->arena, document->n_types, sizeof *check->schema->models);
        check->types = arena_alloc(check->arena, document->n_types, sizeof(SdlDefinition *));
        check->schema->enums =
                arena_alloc(check->arena, document->n_enums, sizeof *check->schema->enums);
        for (const SdlDefinition *definition = document->definitions; definition;
             definition = definition->next) {
                ErrorCode code = check_name(check, definition);

                if (!code)
                        code = definition->kind == SDL_ENUM ? check_enum(check, definition)
                                                            : check_type(check, definition);
                if (code)
                        return code;
        }
        if (!check->schema->n_models)
                return schema_fault(check, (SdlPosition){ 1, 1 }, "there is no type with @model");
        return ERROR_NONE;
}
