#pragma once

/*
 * pg_pool.h — connections shared by handlers that wait; last used, first lent.
 */

#include <stdint.h>

#include "common/pg/pg_conn.h"

typedef struct PgPool PgPool;
typedef struct PgLease PgLease;

/* A fixed number of connections, made when first needed. @url and @name are copied. Never fails to
 * start because the server is down. */
_must_check_ ErrorCode pg_pool_new(PgPool **ret, const char *url, const char *name, size_t size,
                                   Error *err);
/* All leases must have been returned. */
void pg_pool_free(PgPool *pool);
DEFINE_CLEANUP(PgPool *, pg_pool_free)

/**
 * pg_pool_lease() - borrow a connection; give it back with pg_lease_return()
 *
 * Waits for a free one, and connects when needed, until @deadline_us. While the server is down, callers
 * fail fast: one at a time tries to connect, with backoff. A broken connection is replaced at return.
 * Thread: any.
 *
 * Return: ERROR_NONE or ERROR_UNAVAILABLE.
 */
_must_check_ ErrorCode pg_pool_lease(PgPool *pool, PgLease **ret, int64_t deadline_us, Error *err);
PGconn *pg_lease_conn(PgLease *lease);
void pg_lease_return(PgLease *lease);
DEFINE_CLEANUP(PgLease *, pg_lease_return)
