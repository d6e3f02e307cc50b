#pragma once

/*
 * relay_session.h — the relay's connection to the event store: leases, heads, reading back, and the
 * note of what is published. The leases live as long as the connection.
 */

#include "relay_log.h"

#include "common/pg/pg_conn.h"

typedef struct RelaySession RelaySession;

/* Return: ERROR_NONE or ERROR_UNAVAILABLE. Thread: the relay's, as for everything here. */
_must_check_ ErrorCode relay_session_open(RelaySession **ret, const char *pg_url, Error *err);
void relay_session_close(RelaySession *session);
DEFINE_CLEANUP(RelaySession *, relay_session_close)

PGconn *relay_session_conn(RelaySession *session);

/* Try to lease what nobody has; newly leased logs are rewound to what is published. Then learn how far
 * all leased logs are committed. */
_must_check_ ErrorCode relay_session_refresh(RelaySession *session, RelayLog *logs, size_t n_logs,
                                             Error *err);

/* Note what is acknowledged where it has changed. */
_must_check_ ErrorCode relay_session_note(RelaySession *session, RelayLog *logs, size_t n_logs,
                                          Error *err);
