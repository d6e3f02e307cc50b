#pragma once

/*
 * view_rows.h — the rows of a view version in PostgreSQL: loaded for a batch, written with their changes and the
 * checkpoints. Part of a ViewSession; view_session.h says what the functions promise.
 */

#include "common/pg/pg_conn.h"
#include "feed.h"
#include "view_batch.h"

typedef struct ViewRows ViewRows;

/* NULL when out of memory. @view outlives it. */
ViewRows *view_rows_new(const View *view);
void view_rows_free(ViewRows *rows);

/* As view_session_load(). */
_must_check_ ErrorCode view_rows_load(ViewRows *rows, PGconn *conn, const ViewBatch *batch,
                                      size_t from, size_t to, RowFold *fold, Error *err);

/* As view_session_send(). What a fold holds that view_rows_load() did not fill just before is not known to be all
 * that is stored: PostgreSQL looks then. */
_must_check_ ErrorCode view_rows_send(ViewRows *rows, PGconn *conn, const ViewBatch *batch,
                                      const RowFold *fold, const FeedList *feeds, bool copies,
                                      Error *err);

/* As view_session_receive(). */
_must_check_ ErrorCode view_rows_receive(ViewRows *rows, PGconn *conn, Error *err);
