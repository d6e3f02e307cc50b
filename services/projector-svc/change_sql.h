#pragma once

/*
 * change_sql.h — the parts of a view version's statements that make its change feed.
 */

#include "common/base/buffer.h"
#include "view.h"

/* What a changed row says about the event behind it: arrays of the write statement behind all others. */
#define CHANGE_SQL_CAUSES 6

/* The SQL view "_images" of a new version: id, aggregate, and the row as JSON. */
void change_sql_images_view(Buffer *sql, const View *view);

/**
 * change_sql_entries() - the end of the write statement: number what differs, and note it
 *
 * Needs the CTEs "removed" and "written" before it, and the parameters of view_sql_write(); after those, one array
 * each, an element per row to write, then per row to delete: order (int4), aggregate type, partition, position, event
 * id, traceparent.
 *
 * @shared: there may be shared rows in the batch, and "written" gives the rows as they are now. Others may have
 * written them since the statement began, so that their images come from there.
 */
void change_sql_entries(Buffer *sql, const View *view, bool shared);
