#pragma once

/*
 * row_select.h — a row as PostgreSQL makes it: a JSON object of the model's fields and embedded relations.
 */

#include "common/model/sql_text.h"
#include "read_request.h"

/* Append "SELECT … " of the fields and relations that @request asks for, of the row with alias "r": one
 * result column each, named as the field. To be wrapped in row_to_json(). */
void row_select(SqlText *sql, const ReadRequest *request);
