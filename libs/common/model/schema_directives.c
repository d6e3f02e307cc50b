#include "common/model/schema_directives.h"

#include <stdio.h>
#include <string.h>

typedef struct DirectiveType {
        const char *name;
        DirectivePlace place;
        bool repeatable;
        const ArgumentType *arguments;
} DirectiveType;

static const ArgumentType no_arguments[] = { { .name = NULL } };

static const ArgumentType auth_arguments[] = {
        { .name = "rules", .kind = ARGUMENT_OBJECTS, .required = true },
        { .name = NULL },
};

static const ArgumentType index_arguments[] = {
        { .name = "name", .kind = ARGUMENT_STRING },
        { .name = "sortKeyFields", .kind = ARGUMENT_STRINGS },
        { .name = "queryField", .kind = ARGUMENT_STRING, .nullable = true },
        { .name = NULL },
};

static const ArgumentType default_arguments[] = {
        { .name = "value", .kind = ARGUMENT_SCALAR, .required = true },
        { .name = NULL },
};

static const ArgumentType has_many_arguments[] = {
        { .name = "references", .kind = ARGUMENT_STRINGS },
        { .name = "indexName", .kind = ARGUMENT_STRING },
        { .name = "fields", .kind = ARGUMENT_STRINGS },
        { .name = NULL },
};

static const ArgumentType belongs_to_arguments[] = {
        { .name = "references", .kind = ARGUMENT_STRINGS },
        { .name = "fields", .kind = ARGUMENT_STRINGS },
        { .name = NULL },
};

static const DirectiveType directive_types[] = {
        { "model", DIRECTIVE_ON_TYPE, false, no_arguments },
        { "auth", DIRECTIVE_ON_TYPE, false, auth_arguments },
        { "index", DIRECTIVE_ON_FIELD, true, index_arguments },
        { "default", DIRECTIVE_ON_FIELD, false, default_arguments },
        { "hasMany", DIRECTIVE_ON_FIELD, false, has_many_arguments },
        { "belongsTo", DIRECTIVE_ON_FIELD, false, belongs_to_arguments },
};

const SdlDirective *sdl_directive(const SdlDirective *directives, const char *name)
{
        for (; directives; directives = directives->next)
                if (strcmp(directives->name, name) == 0)
                        return directives;
        return NULL;
}

const SdlValue *sdl_argument(const SdlArgument *arguments, const char *name)
{
        for (; arguments; arguments = arguments->next)
                if (strcmp(arguments->name, name) == 0)
                        return arguments->value;
        return NULL;
}

const SdlValue *sdl_items(const SdlValue *value)
{
        return value->kind == SDL_VALUE_LIST ? value->items : value;
}

size_t sdl_items_count(const SdlValue *value)
{
        size_t n = 0;

        if (value->kind != SDL_VALUE_LIST)
                return 1;
        for (const SdlValue *item = value->items; item; item = item->next)
                n++;
        return n;
}

static bool is_of_kind(const SdlValue *value, ArgumentKind kind)
{
        switch (kind) {
        case ARGUMENT_STRING:
        case ARGUMENT_STRINGS:
                return value->kind == SDL_VALUE_STRING;
        case ARGUMENT_ENUM:
        case ARGUMENT_ENUMS:
                return value->kind == SDL_VALUE_ENUM;
        case ARGUMENT_OBJECTS:
                return value->kind == SDL_VALUE_OBJECT;
        case ARGUMENT_SCALAR:
                return value->kind != SDL_VALUE_NULL && value->kind != SDL_VALUE_LIST &&
                       value->kind != SDL_VALUE_OBJECT;
        }
        return false;
}

static ErrorCode check_argument(const SchemaCheck *check, const SdlArgument *argument,
                                const ArgumentType *type, const char *what)
{
        static const char *const kinds[] = {
                [ARGUMENT_STRING] = "a string",
                [ARGUMENT_STRINGS] = "a list of strings",
                [ARGUMENT_ENUM] = "a name",
                [ARGUMENT_ENUMS] = "a list of names",
                [ARGUMENT_OBJECTS] = "a list of { … }",
                [ARGUMENT_SCALAR] = "a plain value",
        };
        bool list = type->kind == ARGUMENT_STRINGS || type->kind == ARGUMENT_ENUMS ||
                    type->kind == ARGUMENT_OBJECTS;
        const SdlValue *value = argument->value;

        if (value->kind == SDL_VALUE_NULL && type->nullable)
                return ERROR_NONE;
        if (value->kind == SDL_VALUE_LIST && !list)
                return schema_fault(check, value->at, "argument \"%s\" of %s must be %s",
                                    argument->name, what, kinds[type->kind]);
        for (value = sdl_items(value); value; value = value->next)
                if (!is_of_kind(value, type->kind))
                        return schema_fault(check, value->at, "argument \"%s\" of %s must be %s",
                                            argument->name, what, kinds[type->kind]);
        return ERROR_NONE;
}

static ErrorCode unknown_argument(const SchemaCheck *check, const SdlArgument *argument,
                                  const ArgumentType *types, const char *what)
{
        _cleanup_(buffer_deinit) Buffer names = BUFFER_INIT;

        for (const ArgumentType *type = types; type->name; type++)
                buffer_printf(&names, "%s%s", type == types ? "" : ", ", type->name);
        return schema_fault(check, argument->at, "%s has no argument \"%s\"; it takes %s", what,
                            argument->name, names.size ? buffer_text(&names) : "none");
}

ErrorCode schema_check_arguments(const SchemaCheck *check, const SdlArgument *arguments,
                                 const ArgumentType *types, const char *what, SdlPosition at)
{
        for (const SdlArgument *argument = arguments; argument; argument = argument->next) {
                const ArgumentType *type = types;
                ErrorCode code;

                while (type->name && strcmp(type->name, argument->name) != 0)
                        type++;
                if (!type->name)
                        return unknown_argument(check, argument, types, what);
                code = check_argument(check, argument, type, what);
                if (code)
                        return code;
        }
        for (const ArgumentType *type = types; type->name; type++)
                if (type->required && !sdl_argument(arguments, type->name))
                        return schema_fault(check, at, "%s needs the argument \"%s\"", what,
                                            type->name);
        return ERROR_NONE;
}

static ErrorCode unknown_directive(const SchemaCheck *check, const SdlDirective *directive)
{
        _cleanup_(buffer_deinit) Buffer names = BUFFER_INIT;

        for (size_t i = 0; i < ARRAY_SIZE(directive_types); i++)
                buffer_printf(&names, "%s@%s", i ? ", " : "", directive_types[i].name);
        return schema_fault(check, directive->at, "unknown directive @%s; there are %s",
                            directive->name, buffer_text(&names));
}

static const char *place_name(DirectivePlace place)
{
        switch (place) {
        case DIRECTIVE_ON_TYPE:
                return "a type";
        case DIRECTIVE_ON_FIELD:
                return "a field";
        case DIRECTIVE_ON_ENUM:
                break;
        }
        return "an enum";
}

ErrorCode schema_check_directives(const SchemaCheck *check, const SdlDirective *directives,
                                  DirectivePlace place)
{
        for (const SdlDirective *directive = directives; directive; directive = directive->next) {
                const DirectiveType *type = NULL;
                char what[SDL_NAME_BYTES_MAX + 2];
                ErrorCode code;

                for (size_t i = 0; i < ARRAY_SIZE(directive_types); i++)
                        if (strcmp(directive_types[i].name, directive->name) == 0)
                                type = &directive_types[i];
                if (!type)
                        return unknown_directive(check, directive);
                if (!(type->place & place))
                        return schema_fault(check, directive->at,
                                            "@%s cannot stand on %s, only on %s", type->name,
                                            place_name(place), place_name(type->place));
                if (!type->repeatable && sdl_directive(directives, type->name) != directive)
                        return schema_fault(check, directive->at, "@%s is given twice", type->name);
                (void)snprintf(what, sizeof what, "@%s", type->name);
                code = schema_check_arguments(check, directive->arguments, type->arguments, what,
                                              directive->at);
                if (code)
                        return code;
        }
        return ERROR_NONE;
}
