#pragma once

/*
 * change_sql.h — the parts of a view version's statements that make its change feed.
 */

#include "common/base/buffer.h"
#include "view.h"

/* Arrays that a batch with changes adds to the parameters of view_sql_write(), one element per row to write, then
 * per row to delete: the order of the changes (int4), and their entries as change_entry_begin() makes them (text). */
#define CHANGE_SQL_CAUSES 2

/* The entries of a transaction are split into texts of about this size, an entry at least in each. */
#define CHANGE_SQL_BATCH_BYTES 524288

/* The SQL view "_images" of a new version: id, aggregate, and the row as JSON. */
void change_sql_images_view(Buffer *sql, const View *view);

/**
 * change_sql_returning() - the end of the CTE "written": which rows were written, and what they are now
 */
void change_sql_returning(Buffer *sql, const View *view, bool shared);

/**
 * change_sql_entries() - the end of the write statement: number what differs, and note it
 *
 * Needs the CTEs "removed" and "written" before it, and the parameters of view_sql_write(); after those,
 * CHANGE_SQL_CAUSES arrays.
 *
 * @shared: there may be shared rows in the batch. Others may have written them since the statement began, so that what
 * they were before is what they are now without what was added.
 */
void change_sql_entries(Buffer *sql, const View *view, bool shared);

/* The same when all images are known: the arrays are those of change_texts_add(), and nothing of "written" is needed but
 * that it ran. */
void change_sql_texts(Buffer *sql, const View *view);
