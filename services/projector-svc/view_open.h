#pragma once

/*
 * view_open.h — the view of a version that is registered, with the schema.graphql that it was made from.
 */

#include "common/pg/pg_conn.h"
#include "version_list.h"
#include "view.h"

/**
 * view_open() - the view of @version
 * @own:  the schema of this instance, borrowed by the view when the version was made from it
 *
 * Return: ERROR_NONE; ERROR_INVALID when what is registered is no schema with this model; or as pg_exec().
 */
_must_check_ ErrorCode view_open(View **ret, PGconn *conn, const Schema *own,
                                 const ViewVersion *version, int64_t deadline_us, Error *err);

/**
 * view_check() - whether the version of @view still plays its role
 *
 * Return: ERROR_NONE; ERROR_NOT_FOUND when it is live no more, or built no more; ERROR_INVALID when its table
 *         is gone; or as pg_exec().
 */
_must_check_ ErrorCode view_check(const View *view, PGconn *conn, int64_t deadline_us, Error *err);
