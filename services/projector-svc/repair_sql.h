#pragma once

/*
 * repair_sql.h — the rows of aggregates in a view version: finding them, and what is not right with them.
 */

#include "common/base/buffer.h"
#include "view.h"

/* The index of a new version that finds the rows of an aggregate: all but the one that has its id. */
void repair_sql_index(Buffer *sql, const View *view);

/**
 * repair_sql_differ() - compare the rows of aggregates with those that they should have
 *
 * $1 aggregate ids; the rows that they should have: one array per column, then whose, then sequences. Gives, for each row
 * that differs, its number among these, from 1 (NULL: it should not be there), id and aggregate in the view (NULL: it is
 * missing), and whether its sequence is too high; by aggregate.
 */
void repair_sql_differ(Buffer *sql, const View *view);

/**
 * repair_sql_lower() - let rows be written whose sequence is too high
 *
 * The write statement takes them for later than what it writes, and refuses. Nobody is shown the sequence. $1 ids, $2 whose.
 */
void repair_sql_lower(Buffer *sql, const View *view);
