#pragma once

/*
 * model_select.h — reading rows of a model: statements over the SQL views read.<view>, with the JSON
 * made by PostgreSQL.
 *
 * A row is a JSON object with the model's columns, in the order of the schema: AWSDateTime as RFC 3339 in
 * UTC with microseconds, AWSJSON as it was written, Float shortest, null for null. An embedded list is the
 * first page of the related rows' own list: {"items":[…],"nextCursor":…}.
 */

#include "common/model/auth_predicate.h"
#include "common/model/filter.h"
#include "common/model/keyset.h"

#define SELECT_INCLUDES_MAX 8

typedef struct ModelSelect {
        const Model *model;
        const Reader *reader;
        const Field *const *fields; /* columns to send; NULL: all */
        size_t n_fields;
        const Field *const *includes; /* relations to embed, at most SELECT_INCLUDES_MAX */
        size_t n_includes;
        size_t include_limit; /* rows of an embedded list: the first by key */
        /* For each of @includes that is a list: what a cursor of the related rows' own list is bound to, but
         * for the id that they refer to, which is the last to go in (see page_cursor.h). */
        const char *const *include_bindings;
        const Filter *filter; /* NULL: none */
        const char *guard;    /* SQL condition without which no row is looked at; NULL: none */
} ModelSelect;

/* One row with one column: the row with @id as JSON, null when none is within the reader's reach. Of several
 * aggregates' rows with this id: the one of the aggregate that is called so itself, else the first by
 * aggregate. */
void model_select_get(SqlText *sql, const ModelSelect *select, const char *id);

/**
 * model_select_list() - a page of rows
 * @after:  values of the last row of the page before, one per key of @keyset; NULL: from the start
 *
 * Gives one row: a JSON array; whether there are more rows behind the page; then, as text, the keys'
 * values in the last row of the page (null when no more rows follow).
 */
void model_select_list(SqlText *sql, const ModelSelect *select, const Keyset *keyset,
                       char *const *after, size_t limit);
