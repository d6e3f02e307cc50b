#pragma once

/*
 * version_drop.h — the tables of a version go, whoever uses them.
 *
 * Builders, a comparison and the making of indexes hold locks for up to hours, and in more than one order; whoever waits for a
 * lock lets nobody pass. So the one who drops waits briefly, gives up all it has, ends their sessions, and tries again.
 */

#include <stdbool.h>

#include "common/pg/pg_conn.h"

/* From now on to the end of the transaction, no lock is waited for any longer than readers may be held up; after some
 * attempts as long as it takes until autovacuum gives way. @attempt: from 0 on. */
_must_check_ ErrorCode version_drop_begin(PGconn *conn, unsigned attempt, int64_t deadline_us,
                                          Error *err);

/* Within that transaction. */
_must_check_ ErrorCode version_drop_tables(PGconn *conn, const char *schema_name,
                                           int64_t deadline_us, Error *err);

/* Whether @err says that somebody was in the way, so that the transaction is worth another try. */
bool version_drop_was_blocked(const Error *err);

/* End the sessions of projectors that use the tables, and give others a moment. No transaction is open. */
_must_check_ ErrorCode version_drop_clear(PGconn *conn, const char *schema_name,
                                          int64_t deadline_us, Error *err);
