/* schema_indexes.c — @index on fields. */

#include <string.h>

#include "common/model/model_name.h"
#include "common/model/schema_directives.h"

#define INDEX_FIELDS_MAX 16

static ErrorCode check_column(const SchemaCheck *check, const Model *model, const char *name,
                              SdlPosition at)
{
        const Field *field = schema_field(model, name);

        if (!field)
                return schema_fault(check, at, "model %s has no field \"%s\"", model->name, name);
        if (field->kind != FIELD_COLUMN || field->list || field->scalar == SCALAR_JSON)
                return schema_fault(check, at, "\"%s\" cannot be in an index: it has no order",
                                    name);
        return ERROR_NONE;
}

static ErrorCode read_fields(const SchemaCheck *check, const Model *model, const SdlField *written,
                             const SdlDirective *directive, Index *index)
{
        const SdlValue *keys = sdl_argument(directive->arguments, "sortKeyFields");
        size_t n = 1 + (keys ? sdl_items_count(keys) : 0);
        ErrorCode code = check_column(check, model, written->name, directive->at);

        if (code)
                return code;
        if (n > INDEX_FIELDS_MAX)
                return schema_fault(check, keys->at, "more than %d fields in an index",
                                    INDEX_FIELDS_MAX);
        index->fields = arena_alloc(check->arena, n, sizeof *index->fields);
        index->fields[index->n_fields++] = arena_copy(check->arena, written->name);
        for (const SdlValue *key = keys ? sdl_items(keys) : NULL; key; key = key->next) {
                code = check_column(check, model, key->text, key->at);
                if (code)
                        return code;
                for (size_t i = 0; i < index->n_fields; i++)
                        if (strcmp(index->fields[i], key->text) == 0)
                                return schema_fault(check, key->at, "\"%s\" is in the index twice",
                                                    key->text);
                index->fields[index->n_fields++] = arena_copy(check->arena, key->text);
        }
        return ERROR_NONE;
}

static bool is_graphql_name(const char *text)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
        static const char more[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

        return *text && strchr(letters, *text) && strncmp(text, "__", 2) != 0 &&
               strspn(text, more) == strlen(text) && strlen(text) <= SDL_NAME_BYTES_MAX;
}

/* The two names of an index; both follow from its fields when they are not given. */
static ErrorCode read_names(const SchemaCheck *check, const Model *model,
                            const SdlDirective *directive, Index *index)
{
        const SdlValue *name = sdl_argument(directive->arguments, "name");
        const SdlValue *query = sdl_argument(directive->arguments, "queryField");
        _cleanup_(buffer_deinit) Buffer made = BUFFER_INIT;

        model_name_index(&made, model->name, index->fields, index->n_fields);
        index->name = arena_copy(check->arena, name ? name->text : buffer_text(&made));
        if (!*index->name)
                return schema_fault(check, name ? name->at : directive->at,
                                    "the name of an index cannot be empty");
        if (!query)
                index->query_field = arena_copy(check->arena, buffer_text(&made));
        else if (query->kind != SDL_VALUE_NULL)
                index->query_field = arena_copy(check->arena, query->text);
        if (index->query_field && query && !is_graphql_name(index->query_field))
                return schema_fault(check, query->at, "\"%.63s\" is not a name for a query",
                                    index->query_field);
        return ERROR_NONE;
}

/* Names are unique in the model, query fields in the schema. */
static ErrorCode check_names(const SchemaCheck *check, const Model *model,
                             const SdlDirective *directive, const Index *index)
{
        for (size_t i = 0; i < model->n_indexes; i++)
                if (strcmp(model->indexes[i].name, index->name) == 0)
                        return schema_fault(check, directive->at,
                                            "model %s has two indexes called \"%.63s\"",
                                            model->name, index->name);
        for (size_t i = 0; index->query_field && i < check->schema->n_models; i++) {
                const Model *other = check->schema->models[i];

                for (size_t j = 0; j < other->n_indexes; j++)
                        if (other->indexes[j].query_field &&
                            strcmp(other->indexes[j].query_field, index->query_field) == 0)
                                return schema_fault(check, directive->at,
                                                    "two indexes have the query field \"%.63s\"",
                                                    index->query_field);
        }
        return ERROR_NONE;
}

static ErrorCode check_model(const SchemaCheck *check, Model *model,
                             const SdlDefinition *definition)
{
        size_t n = 0;

        for (const SdlField *written = definition->fields; written; written = written->next)
                for (const SdlDirective *d = sdl_directive(written->directives, "index"); d;
                     d = sdl_directive(d->next, "index"))
                        n++;
        model->indexes = arena_alloc(check->arena, n, sizeof *model->indexes);
        for (const SdlField *written = definition->fields; written; written = written->next) {
                for (const SdlDirective *d = sdl_directive(written->directives, "index"); d;
                     d = sdl_directive(d->next, "index")) {
                        Index index = { .n_fields = 0 };
                        ErrorCode code = read_fields(check, model, written, d, &index);

                        if (!code)
                                code = read_names(check, model, d, &index);
                        if (!code)
                                code = check_names(check, model, d, &index);
                        if (code)
                                return code;
                        model->indexes[model->n_indexes++] = index;
                }
        }
        return ERROR_NONE;
}

ErrorCode schema_check_indexes(SchemaCheck *check)
{
        for (size_t i = 0; i < check->schema->n_models; i++) {
                ErrorCode code = check_model(check, check->schema->models[i], check->types[i]);

                if (code)
                        return code;
        }
        return ERROR_NONE;
}
