#pragma once

/*
 * repair_sql.h — the rows of one aggregate in a view version: finding them, and what is not right with them.
 */

#include "common/base/buffer.h"
#include "view.h"

/* The index of a new version that finds the rows of an aggregate: all but the one that has its id. */
void repair_sql_index(Buffer *sql, const View *view);

/**
 * repair_sql_differ() - compare the rows of an aggregate with those that it should have
 *
 * $1 aggregate id; the rows that it should have: one array per column, then their sequences. Gives, for each row that
 * differs, its number among these, from 1 (NULL: it should not be there), and its id in the view (NULL: it is missing).
 */
void repair_sql_differ(Buffer *sql, const View *view);
