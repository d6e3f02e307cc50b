#pragma once

/*
 * auth_predicate.h — which rows of a model somebody may see or change, as a condition in SQL.
 *
 * Rules are alternatives, and no rule means no row. Groups, signed-in users and API keys are decided
 * here; what is left for PostgreSQL is the owner's column, and the row of the model that is followed.
 */

#include "common/model/model.h"
#include "common/model/sql_text.h"

/* Who asks: from verified credentials. Borrowed. */
typedef struct Reader {
        const char *user; /* "" for an API key */
        const char *const *groups;
        size_t n_groups;
        bool api_key;
} Reader;

typedef enum AuthReach {
        AUTH_REACH_NONE, /* no row */
        AUTH_REACH_OWN,  /* rows that name the user as owner */
        AUTH_REACH_ALL,
} AuthReach;

/* What the rules of @model itself give @reader for @operation (one AUTH_* bit). */
AuthReach auth_reach(const Model *model, const Reader *reader, AuthOperation operation);

/**
 * auth_predicate() - append the condition that a row of @model is within reach
 * @user_param:  the parameter that holds the user; 0 before it was needed, then kept for later calls
 * @alias:       of the model's table in the statement
 *
 * A model without rules of its own follows auth_from: its rows are within reach when the row that they
 * belong to is. Where several aggregates use the id that a row refers to, that is the one of the row's own
 * aggregate, else that of the aggregate which is called so itself, else none: nobody comes to see somebody's
 * rows by using their ids. Conditions are constants where the rules decide alone.
 */
void auth_predicate(SqlText *sql, const Model *model, const Reader *reader, AuthOperation operation,
                    size_t *user_param, const char *alias);
