#pragma once

/*
 * sdl_document.h — a GraphQL document as written: definitions, fields, directives, values, with their places.
 *
 * Says nothing about meaning; schema_check.h does that. Everything lives in the document's arena;
 * lists are linked in the order of the text.
 */

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/model/sdl_lexer.h"

typedef enum SdlValueKind {
        SDL_VALUE_NULL,
        SDL_VALUE_BOOLEAN,
        SDL_VALUE_INT,
        SDL_VALUE_FLOAT,
        SDL_VALUE_STRING,
        SDL_VALUE_ENUM,
        SDL_VALUE_LIST,
        SDL_VALUE_OBJECT,
} SdlValueKind;

typedef struct SdlArgument SdlArgument;
typedef struct SdlValue SdlValue;

struct SdlValue {
        SdlValueKind kind;
        SdlPosition at;
        const char *text;     /* of a scalar: as written, strings decoded */
        SdlValue *items;      /* of a list */
        SdlArgument *members; /* of an object */
        SdlValue *next;       /* in a list */
};

struct SdlArgument {
        const char *name;
        SdlPosition at;
        SdlValue *value;
        SdlArgument *next;
};

typedef struct SdlDirective {
        const char *name;
        SdlPosition at;
        SdlArgument *arguments;
        struct SdlDirective *next;
} SdlDirective;

typedef struct SdlField {
        const char *name; /* of a field, or an enum's value */
        SdlPosition at;
        const char *type; /* name of the type; NULL for an enum's value */
        SdlPosition type_at;
        bool required;       /* Type! or [Type]! */
        bool list;           /* [Type] */
        bool items_required; /* [Type!] */
        SdlDirective *directives;
        struct SdlField *next;
} SdlField;

typedef enum SdlDefinitionKind {
        SDL_TYPE,
        SDL_ENUM,
} SdlDefinitionKind;

typedef struct SdlDefinition {
        SdlDefinitionKind kind;
        const char *name;
        SdlPosition at; /* of the name */
        SdlDirective *directives;
        SdlField *fields; /* or values */
        size_t n_fields;
        struct SdlDefinition *next;
} SdlDefinition;

typedef struct SdlDocument {
        Arena arena;
        const char *name; /* of the source; borrowed */
        SdlDefinition *definitions;
        size_t n_types;
        size_t n_enums;
} SdlDocument;

#define SDL_DOCUMENT_INIT ((SdlDocument){ .arena = ARENA_INIT })

void sdl_document_deinit(SdlDocument *document);

/* Limits: what a document may hold. */
#define SDL_DEFINITIONS_MAX 400 /* types and enums */
#define SDL_FIELDS_MAX      250 /* of one type, or values of one enum */
#define SDL_DIRECTIVES_MAX  32  /* on one type or field */
#define SDL_ARGUMENTS_MAX   32  /* of one directive, or members of an object */
#define SDL_ITEMS_MAX       250 /* of one list */
#define SDL_DEPTH_MAX       8   /* of nested lists and objects */

/**
 * sdl_document_parse() - read the definitions of types and enums in @text
 * @document:  SDL_DOCUMENT_INIT; to be deinitialised by the caller in any case
 * @name:      borrowed as long as the document
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED with "name:line:column: …".
 */
_must_check_ ErrorCode sdl_document_parse(SdlDocument *document, const char *name, const char *text,
                                          size_t size, Error *err);
