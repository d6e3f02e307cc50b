#pragma once

/*
 * auth_predicate.h — a model's @auth rules for reading, as a condition on its rows.
 */

#include "common/auth/principal.h"
#include "common/model/model.h"
#include "common/model/sql_text.h"

/**
 * auth_predicate() - append the condition under which @principal may read a row of @model
 * @alias:  of the row in the statement: "r"
 *
 * Rules are alternatives; without one that fits the condition is false. A model that follows another
 * one (auth_from) is readable where the row it belongs to is.
 */
void auth_predicate(SqlText *sql, const Model *model, const char *alias,
                    const Principal *principal);
