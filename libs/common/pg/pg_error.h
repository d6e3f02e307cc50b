#pragma once

/*
 * pg_error.h — what PostgreSQL reports, as an Error: one table from SQLSTATE to code.
 */

#include <libpq-fe.h>

#include "common/base/error.h"

DEFINE_CLEANUP(PGconn *, PQfinish)
DEFINE_CLEANUP(PGresult *, PQclear)

/**
 * pg_error_from_result() - ERROR_NONE when @res is a success, else fill @err
 * @res:   may be NULL (no memory, or connection gone)
 * @what:  completes "could not …": "append events"
 *
 * Serialisation failures and deadlocks are ERROR_CONFLICT; a lost, refused or read-only connection,
 * a shutdown and a timeout are ERROR_UNAVAILABLE; everything else is ERROR_INTERNAL.
 */
_must_check_ ErrorCode pg_error_from_result(Error *err, PGconn *conn, const PGresult *res,
                                            const char *what);

/* As above for a failed libpq call that gave no result. */
ErrorCode pg_error_from_conn(Error *err, PGconn *conn, const char *what);
