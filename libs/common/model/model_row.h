#pragma once

/*
 * model_row.h — a row as JSON, made by PostgreSQL: in one way, wherever a row is shown.
 */

#include "common/base/buffer.h"
#include "common/model/model.h"

/* Append the SQL expression "value" AS "name" of a column, its value as row_to_json() should see it. */
void model_row_field(Buffer *sql, const Field *field, const char *alias);

/* The same for all columns, with commas between. */
void model_row_fields(Buffer *sql, const Model *model, const char *alias);

/* Append the SQL expression of type text that is the row @alias as a JSON object with all columns. */
void model_row_json(Buffer *sql, const Model *model, const char *alias);
