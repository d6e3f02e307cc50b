#pragma once

/*
 * list_select.h — the one statement of a read: rows as JSON, their sort values, the view's position.
 *
 * Result columns: the view's checkpoint as a consistency token, the row's JSON (NULL: no row at all),
 * then one text per sort field. A list gives up to limit + 1 rows: the last one tells that there are more.
 */

#include "common/model/sql_text.h"
#include "cursor.h"

/* @cursor: NULL on the first page. */
void list_select(SqlText *sql, const ReadRequest *request, const Cursor *cursor);
