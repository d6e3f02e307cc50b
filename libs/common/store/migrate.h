#pragma once

/*
 * migrate.h — the database's schema, brought up to this program's version.
 *
 * The numbered files of migrations/ are compiled in. Each is applied once, in order, in a transaction of
 * its own, and recorded with its SHA-256; a lock lets several programs migrate at the same time.
 */

#include "common/pg/pg_conn.h"

typedef struct Migration {
        int version;      /* from 1, without gaps */
        const char *name; /* "event_store" */
        const char *sql;
} Migration;

/* Those of the product; ends with { 0 }. */
extern const Migration store_migrations[];

/**
 * store_migrate() - apply what is missing of @migrations
 * @conn:         as the owner of the database
 * @ret_applied:  how many were applied now; may be NULL
 *
 * Return: ERROR_NONE; ERROR_INVALID when an applied migration is not the one compiled in, or the
 *         database is newer than this program; ERROR_INTERNAL when a migration fails (it leaves nothing).
 */
_must_check_ ErrorCode store_migrate(PGconn *conn, const Migration *migrations, int *ret_applied,
                                     int64_t deadline_us, Error *err);
