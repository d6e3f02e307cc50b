#pragma once

/*
 * pg_prepared.h — which statements a connection knows by name. Kept beside the connection as libpq's
 * instance data, so it is forgotten when the session is. Of this folder only.
 */

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/cleanup.h"

/* More are not kept: names may come from what clients ask, and the server holds every plan. */
#define PG_PREPARED_MAX 256

/* Right after connecting; false when there is no memory. */
_must_check_ bool pg_prepared_register(PGconn *conn);

/* Whether @name stands for exactly @sql here. When it stands for another text, that one is forgotten:
 * names may be hashes, and a wrong statement would run with somebody else's rights. */
bool pg_prepared_has(PGconn *conn, const char *name, const char *sql);
size_t pg_prepared_count(PGconn *conn);

/* The session now knows @sql as @name (both copied). At most PG_PREPARED_MAX. */
void pg_prepared_add(PGconn *conn, const char *name, const char *sql);
void pg_prepared_forget_all(PGconn *conn);
