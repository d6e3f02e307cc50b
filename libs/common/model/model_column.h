#pragma once

/*
 * model_column.h — a row's values as text on their way into columns and back.
 *
 * Projections give text as PostgreSQL reads it for the column's type; for a list column a JSON array
 * ("[\"a\",\"b\"]"), as it stands in an event, or PostgreSQL's own form ("{a,b}").
 */

#include "common/base/buffer.h"
#include "common/model/model.h"

/* An Int, and no list of them: a number that shared rows are added to. */
bool model_column_is_number(const Field *field);

/* Append what such a number begins with, as a bigint. */
void model_column_first_number(Buffer *sql, const Field *field);

/* Append the SQL expression that makes the column's value from @text, an expression of type text. */
void model_column_from_text(Buffer *sql, const Field *field, const char *text);

/* Append the SQL expression that gives the column's value as such a text again. */
void model_column_to_text(Buffer *sql, const Field *field);
