#pragma once

/*
 * pg_conn.h — one connection with sane settings and a deadline on every wait.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "common/pg/pg_error.h"

typedef struct PgParams PgParams;

/**
 * pg_connect() - connect and set the session up
 * @url:   postgresql://… or key=value; keepalive and timeout settings are added where it has none
 * @name:  application_name: "command-svc writer 1"
 *
 * The session has UTC, ISO dates and UTF-8; the server ends what it runs for us soon after we are gone,
 * and a transaction that idles for a minute. Of several hosts the writable one is taken, unless @url says
 * otherwise (target_session_attrs).
 *
 * Blocks until @deadline_us (clock_monotonic_us()), apart from looking up a host name. The connection is
 * non-blocking afterwards; notices go nowhere. Thread: one at a time.
 *
 * Return: ERROR_NONE or ERROR_UNAVAILABLE.
 */
_must_check_ ErrorCode pg_connect(PGconn **ret, const char *url, const char *name,
                                  int64_t deadline_us, Error *err);

/**
 * pg_exec() - one statement, one round trip, with a deadline
 * @sql:     text without parameters (may hold several statements), or with @params $1…
 * @params:  NULL when there are none
 * @ret:     the last result; may be NULL when the caller wants none
 *
 * When the deadline passes the connection is unusable and closed on the socket level: its
 * transaction's outcome is unknown unless it was only read.
 *
 * Return: ERROR_NONE, or as pg_error_from_result().
 */
_must_check_ ErrorCode pg_exec(PGconn *conn, const char *sql, PgParams *params, PGresult **ret,
                               int64_t deadline_us, const char *what, Error *err);

/**
 * pg_exec_stoppable() - as pg_exec(), for a statement that may take long: it is cancelled once *@stop is true
 * @stop:  set by another thread, looked at every 50 ms; when it is true already nothing is sent
 *
 * Cancelling is a connection of its own, without a deadline: to a server that takes connections and says nothing, it takes as
 * long as TCP does.
 * Return: as pg_exec(); ERROR_UNAVAILABLE when it was cancelled. The connection can be used again, unless the server does
 *         not answer the cancel either.
 */
_must_check_ ErrorCode pg_exec_stoppable(PGconn *conn, const char *sql, PgParams *params,
                                         PGresult **ret, const atomic_bool *stop,
                                         int64_t deadline_us, const char *what, Error *err);

/**
 * pg_exec_prepared() - as pg_exec() with a statement that is prepared on first use of this connection
 * @name:  means the same @sql always; when it does not, it costs a round trip or two, and nothing else
 *
 * Prepared again when the session has lost it or its result has got other columns since, unless a
 * transaction is open (then that is the error). A connection keeps 256 statements.
 */
_must_check_ ErrorCode pg_exec_prepared(PGconn *conn, const char *name, const char *sql,
                                        PgParams *params, PGresult **ret, int64_t deadline_us,
                                        const char *what, Error *err);

/**
 * pg_commit_prepared() - as pg_exec_prepared() with the last statement of the open transaction, and commit it, in one
 * round trip: what the statement locks waits for PostgreSQL only
 *
 * After a failure the transaction is the caller's to roll back, unless the connection is lost.
 */
_must_check_ ErrorCode pg_commit_prepared(PGconn *conn, const char *name, const char *sql,
                                          PgParams *params, int64_t deadline_us, const char *what,
                                          Error *err);

/*
 * pg_exec_prepared() in two halves, so that the caller can work while the server does. Between the two
 * nothing else may use the connection. Sending does not wait for an answer, but reads what comes while
 * the socket takes no more.
 */
_must_check_ ErrorCode pg_send_prepared(PGconn *conn, const char *name, const char *sql,
                                        PgParams *params, int64_t deadline_us, const char *what,
                                        Error *err);
_must_check_ ErrorCode pg_receive(PGconn *conn, PGresult **ret, int64_t deadline_us,
                                  const char *what, Error *err);
