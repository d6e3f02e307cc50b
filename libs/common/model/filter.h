#pragma once

/*
 * filter.h — which rows of a model a reader asks for: Amplify's operators, read from JSON or from
 * query parameters, and turned into a condition in SQL.
 *
 * Conditions are true or false, never null: a field that is null fails every comparison but ne,
 * notContains and notIn, as where Amplify runs.
 */

#include "common/base/arena.h"
#include "common/model/model.h"
#include "common/model/sql_text.h"

#define FILTER_PARAMS_MAX 40  /* values in one request; an array counts as one */
#define FILTER_ITEMS_MAX  500 /* values of in and notIn */
#define FILTER_DEPTH_MAX  8   /* of and, or, not */

typedef enum FilterOperator {
        FILTER_AND, /* of .parts; true when there are none */
        FILTER_OR,
        FILTER_NOT,
        FILTER_EQ,
        FILTER_NE,
        FILTER_LE,
        FILTER_LT,
        FILTER_GE,
        FILTER_GT,
        FILTER_BETWEEN, /* both ends belong to it */
        FILTER_BEGINS_WITH,
        FILTER_CONTAINS, /* text within text, or an item of a list */
        FILTER_NOT_CONTAINS,
        FILTER_IN,
        FILTER_NOT_IN,
        FILTER_EXISTS, /* is not null */
        FILTER_MISSING,
} FilterOperator;

typedef struct Filter {
        FilterOperator op;
        const Field *field;
        const char *values[2]; /* checked; of in, notIn and lists an array literal */
        struct Filter *parts;
        struct Filter *next; /* among its parent's parts */
} Filter;

/* What is being built: the root is an FILTER_AND. */
typedef struct FilterBuilder {
        Arena *arena;
        const Model *model;
        Filter root;
        Filter **end; /* of the root's parts */
        size_t n_params;
} FilterBuilder;

void filter_builder_init(FilterBuilder *builder, Arena *arena, const Model *model);

/* Add "@field equals @value". ERROR_MALFORMED names the field. */
_must_check_ ErrorCode filter_add_equal(FilterBuilder *builder, const Field *field,
                                        const char *value, Error *err);

/**
 * filter_add_json() - add what {"status":{"eq":"ACTIVE"},"or":[…]} says
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED with field "filter.status" or the like.
 */
_must_check_ ErrorCode filter_add_json(FilterBuilder *builder, const char *text, Error *err);

/* Append the condition on rows of @alias. Takes at most FILTER_PARAMS_MAX parameters. */
void filter_sql(SqlText *sql, const Filter *filter, const char *alias);
