#include "version_drop.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/model/sql_text.h"
#include "common/pg/pg_params.h"
#include "version_end_users.sql.h"

#define PAUSE_US       (100 * US_PER_MS)
#define BRIEF_ATTEMPTS 2

ErrorCode version_drop_begin(PGconn *conn, unsigned attempt, int64_t deadline_us, Error *err)
{
        /* Less than deadlock_timeout, so that nobody else is the one to give way; but autovacuum gives way only then. */
        static const char briefly[] = "SET LOCAL lock_timeout = '300ms'";
        static const char patiently[] =
                "SELECT set_config('lock_timeout', (setting::int4 + 500)::text, true) FROM "
                "pg_settings WHERE name = 'deadlock_timeout'";

        return pg_exec(conn, attempt < BRIEF_ATTEMPTS ? briefly : patiently, NULL, NULL,
                       deadline_us, "limit the wait for locks", err);
}

ErrorCode version_drop_tables(PGconn *conn, const char *schema_name, int64_t deadline_us,
                              Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;

        /* What is held first by whoever copies rows; PostgreSQL itself would begin with the rows. */
        buffer_append_string(&sql, "DROP TABLE IF EXISTS ");
        sql_quote_name(&sql, schema_name);
        buffer_append_string(&sql, ".checkpoint CASCADE; DROP SCHEMA IF EXISTS ");
        sql_quote_name(&sql, schema_name);
        buffer_append_string(&sql, " CASCADE");
        return pg_exec(conn, sql.data, NULL, NULL, deadline_us, "drop a version's tables", err);
}

bool version_drop_was_blocked(const Error *err)
{
        return strcmp(err->sqlstate, "55P03") == 0 || strcmp(err->sqlstate, "40P01") == 0;
}

ErrorCode version_drop_clear(PGconn *conn, const char *schema_name, int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, schema_name);
        code = pg_exec(conn, sql_version_end_users, params, NULL, deadline_us,
                       "end those who use a version", err);
        clock_wait_us(PAUSE_US);
        return code;
}
