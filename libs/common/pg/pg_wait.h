#pragma once

/*
 * pg_wait.h — waiting for a non-blocking connection, up to a deadline. Of this folder only.
 */

#include <stdint.h>

#include "common/pg/pg_error.h"

/* True when @events of poll(), or an error, came before @deadline_us (clock_monotonic_us()); one look at least. */
bool pg_wait_for(PGconn *conn, short events, int64_t deadline_us);

/* Nobody can tell any more what the next bytes belong to: no use until reconnected. */
void pg_break(PGconn *conn);

/* Break @conn, and say that no answer came in time: ERROR_UNAVAILABLE. */
ErrorCode pg_too_late(PGconn *conn, const char *what, Error *err);

/* The next result of what was sent, NULL: there are no more. ERROR_UNAVAILABLE as pg_too_late(), and nothing else: what
 * became of the connection is in the result. */
_must_check_ ErrorCode pg_next_result(PGconn *conn, PGresult **ret, int64_t deadline_us,
                                      const char *what, Error *err);

/* Hand everything to the socket. Reads too: the server may not take more before we did. */
_must_check_ ErrorCode pg_flush(PGconn *conn, int64_t deadline_us, const char *what, Error *err);
