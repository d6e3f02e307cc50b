#pragma once

/*
 * json_table.h — the items that a service lists, as a table for people.
 */

#include <jansson.h>

#include "common/base/buffer.h"

/* A column: a member's name, or "a/b" for one quantity of another ("12/100"). */
typedef struct JsonColumn {
        const char *name;  /* of the heading, in camel case; NULL ends the list */
        const char *first; /* member, or one inside of it: "progress.done" */
        const char *of;    /* NULL, or the member behind the slash */
} JsonColumn;

/* Append @items, an array of objects. */
void json_table_append(Buffer *buffer, const json_t *items, const JsonColumn *columns);
