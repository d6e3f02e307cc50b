#pragma once

/*
 * schema_directives.h — which directives there are, where they may stand and what arguments they take.
 */

#include "common/model/schema_check.h"

typedef enum ArgumentKind {
        ARGUMENT_STRING,
        ARGUMENT_STRINGS, /* a list; one string counts as a list of one, as everywhere in GraphQL */
        ARGUMENT_ENUM,
        ARGUMENT_ENUMS,
        ARGUMENT_OBJECTS,
        ARGUMENT_SCALAR, /* a string, number, boolean or enum value */
} ArgumentKind;

typedef struct ArgumentType {
        const char *name; /* NULL ends a list */
        ArgumentKind kind;
        bool required;
        bool nullable; /* null may be given */
} ArgumentType;

typedef enum DirectivePlace {
        DIRECTIVE_ON_TYPE = 1,
        DIRECTIVE_ON_FIELD = 2,
        DIRECTIVE_ON_ENUM = 4, /* or on one of its values */
} DirectivePlace;

/* Check names, places, repetition and arguments of all @directives. */
_must_check_ ErrorCode schema_check_directives(const SchemaCheck *check,
                                               const SdlDirective *directives,
                                               DirectivePlace place);

/* Check @arguments against @types; @what for messages: "@index", at @at. */
_must_check_ ErrorCode schema_check_arguments(const SchemaCheck *check,
                                              const SdlArgument *arguments,
                                              const ArgumentType *types, const char *what,
                                              SdlPosition at);

/* The first directive @name from @directives on; NULL when there is none. */
const SdlDirective *sdl_directive(const SdlDirective *directives, const char *name);

/* The argument's value; NULL when absent. */
const SdlValue *sdl_argument(const SdlArgument *arguments, const char *name);

/* The items of a list, or @value itself as the only one; continue with ->next. */
const SdlValue *sdl_items(const SdlValue *value);
size_t sdl_items_count(const SdlValue *value);
