#pragma once

/*
 * change_log.h — whether the rows of a view are written with their changes.
 */

#include <stdatomic.h>

#include "common/pg/pg_conn.h"
#include "view.h"

/**
 * change_log_open() - before the live version of a view is written on @conn, as view->with_changes says
 * @stop:  true ends it, however long it would take
 *
 * With changes: the feed is made when it is new, and begins anew (a reset, then every row) unless it has all changes up
 * to now. Without: it is noted that changes are missing from now on. Instances that do not agree which it is
 * exclude each other. @conn remembers it until it is closed.
 *
 * Return: ERROR_NONE; ERROR_UNAVAILABLE when another instance writes the view in the other way; or as pg_exec_stoppable().
 */
_must_check_ ErrorCode change_log_open(PGconn *conn, const View *view, const atomic_bool *stop,
                                       int64_t deadline_us, Error *err);

/* The changes so far do not give all rows any more: the next change_log_open() with changes begins anew. Waits for a feed
 * that begins anew now; ERROR_CONFLICT when the transaction's lock_timeout is over before it has. */
_must_check_ ErrorCode change_log_stop(PGconn *conn, const char *view, int64_t deadline_us,
                                       Error *err);
