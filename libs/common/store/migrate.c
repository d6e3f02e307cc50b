#include "common/store/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/pg/pg_params.h"
#include "migration_record.sql.h"
#include "migrations_applied.sql.h"
#include "migrations_table.sql.h"

#define DIGEST_TEXT_SIZE (2 * HASH_SHA256_SIZE + 1)

static void digest_text(const Migration *migration, char ret[DIGEST_TEXT_SIZE])
{
        uint8_t digest[HASH_SHA256_SIZE];

        hash_sha256(migration->sql, strlen(migration->sql), digest);
        for (size_t i = 0; i < sizeof digest; i++)
                (void)snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

/* Whether what the database has is the beginning of @migrations; *ret_n says how much. */
static ErrorCode check_applied(PGconn *conn, const Migration *migrations, size_t *ret_n,
                               int64_t deadline_us, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        char digest[DIGEST_TEXT_SIZE];
        ErrorCode code;

        code = pg_exec(conn, sql_migrations_applied, NULL, &res, deadline_us, "read migrations",
                       err);
        if (code)
                return code;
        for (int i = 0; i < PQntuples(res); i++) {
                const Migration *migration = &migrations[i];

                if (!migration->version)
                        return error_set(err, ERROR_INVALID,
                                         "the database has migration %s \"%s\", which this program "
                                         "does not know: it is newer than the program",
                                         PQgetvalue(res, i, 0), PQgetvalue(res, i, 1));
                digest_text(migration, digest);
                if (strtol(PQgetvalue(res, i, 0), NULL, 10) != migration->version ||
                    strcmp(PQgetvalue(res, i, 2), digest) != 0)
                        return error_set(
                                err, ERROR_INVALID,
                                "migration %d \"%s\" was applied in another form: an applied "
                                "migration is never changed, add a new one",
                                migration->version, migration->name);
        }
        *ret_n = (size_t)PQntuples(res);
        return ERROR_NONE;
}

static ErrorCode record(PGconn *conn, const Migration *migration, int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        char digest[DIGEST_TEXT_SIZE];

        if (!params)
                return error_no_memory(err);
        digest_text(migration, digest);
        pg_params_int32(params, migration->version);
        pg_params_text(params, migration->name);
        pg_params_text(params, digest);
        return pg_exec(conn, sql_migration_record, params, NULL, deadline_us, "record a migration",
                       err);
}

static ErrorCode apply(PGconn *conn, const Migration *migration, int64_t deadline_us, Error *err)
{
        char what[96];
        ErrorCode code;

        (void)snprintf(what, sizeof what, "apply migration %d \"%s\"", migration->version,
                       migration->name);
        code = pg_exec(conn, "BEGIN", NULL, NULL, deadline_us, what, err);
        if (!code)
                code = pg_exec(conn, migration->sql, NULL, NULL, deadline_us, what, err);
        if (!code)
                code = record(conn, migration, deadline_us, err);
        if (!code)
                code = pg_exec(conn, "COMMIT", NULL, NULL, deadline_us, what, err);
        if (code && pg_exec(conn, "ROLLBACK", NULL, NULL, deadline_us, what, NULL))
                return code; /* the connection is gone, and the transaction with it */
        return code;
}

ErrorCode store_migrate(PGconn *conn, const Migration *migrations, int *ret_applied,
                        int64_t deadline_us, Error *err)
{
        int applied = 0;
        size_t n = 0;
        ErrorCode code;

        code = pg_exec(conn, sql_migrations_table, NULL, NULL, deadline_us, "lock migrations", err);
        if (!code)
                code = check_applied(conn, migrations, &n, deadline_us, err);
        for (; !code && migrations[n].version; n++, applied++)
                code = apply(conn, &migrations[n], deadline_us, err);
        if (pg_exec(conn, "SELECT pg_advisory_unlock(hashtextextended('skafu migrations', 0))",
                    NULL, NULL, deadline_us, "unlock migrations", NULL) &&
            !code)
                code = error_set(err, ERROR_UNAVAILABLE, "the connection was lost after migrating");
        if (!code && ret_applied)
                *ret_applied = applied;
        return code;
}
