#pragma once

/*
 * read_statement.h — the one statement of a read: rows, the view's position, whether it is far enough.
 *
 * Gives one row. Columns: the position of the model's view as consistency tokens (null before the
 * projector has any), whether all views that are read show what the request's tokens name, then what
 * model_select_get() or model_select_list() give (no rows while the views are behind).
 */

#include "read_request.h"

enum {
        READ_COLUMN_TOKEN,
        READ_COLUMN_REACHED,
        READ_COLUMN_ROW,  /* a single row, or the array of a page */
        READ_COLUMN_MORE, /* of a list: whether rows follow */
        READ_COLUMN_KEYS, /* of a list: the last row's keys */
};

void read_statement(SqlText *sql, const ReadRequest *request);
