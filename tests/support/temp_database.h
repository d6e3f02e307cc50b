#pragma once

/*
 * temp_database.h — a fresh, migrated database of its own for one test, dropped afterwards.
 *
 * Made on the server of SKAFU_TEST_PG_URL (a superuser's URL, trust authentication).
 */

#include "common/pg/pg_conn.h"

typedef struct TempDatabase TempDatabase;

/* Return: ERROR_NONE; ERROR_INVALID without SKAFU_TEST_PG_URL, or as pg_exec(). */
_must_check_ ErrorCode temp_database_new(TempDatabase **ret, Error *err);

/* As temp_database_new(), without migrations. */
_must_check_ ErrorCode temp_database_new_empty(TempDatabase **ret, Error *err);

/* Drops it, whoever is still connected. */
void temp_database_free(TempDatabase *database);
DEFINE_CLEANUP(TempDatabase *, temp_database_free)

/* Where it is, as key=value text for pg_connect(): as @role ("skafu_command"), or as the superuser when NULL.
 * Free with free(). */
char *temp_database_url(const TempDatabase *database, const char *role);

/* A connection to it; the calling test fails when there is none. Close with PQfinish(). */
PGconn *temp_database_connect(const TempDatabase *database, const char *role);
