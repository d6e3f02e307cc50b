#pragma once

/*
 * schema_check.h — from a document as written to models that make sense; the parts of schema_parse().
 *
 * Every function here reports the first fault it finds, with its place in the text.
 */

#include "common/model/model.h"
#include "common/model/sdl_document.h"

typedef struct SchemaCheck {
        const SdlDocument *document;
        Arena *arena; /* of the schema to be */
        Schema *schema;
        const SdlDefinition **types; /* what schema->models[i] was made from */
        Error *err;
} SchemaCheck;

/* Fill the error with "name:line:column: …"; returns ERROR_MALFORMED. */
_printf_(3, 4) ErrorCode
        schema_fault(const SchemaCheck *check, SdlPosition at, const char *fmt, ...);

/* The checks, in this order. */
_must_check_ ErrorCode schema_check_types(SchemaCheck *check);     /* schema_types.c */
_must_check_ ErrorCode schema_check_fields(SchemaCheck *check);    /* schema_fields.c */
_must_check_ ErrorCode schema_check_indexes(SchemaCheck *check);   /* schema_indexes.c */
_must_check_ ErrorCode schema_check_relations(SchemaCheck *check); /* schema_relations.c */
_must_check_ ErrorCode schema_check_auth(SchemaCheck *check);      /* schema_auth.c */

/* The field of @model written as @field, to be filled further. */
Field *schema_field(const Model *model, const char *name);
