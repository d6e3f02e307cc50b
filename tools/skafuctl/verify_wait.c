#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pg/pg_params.h"
#include "verify.h"
#include "verify_heads.sql.h"
#include "verify_lag.sql.h"

#define LOOK_EVERY_US (100 * US_PER_MS)

static ErrorCode note_heads(PGconn *conn, Buffer *ret, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code =
                pg_exec(conn, sql_verify_heads, NULL, &res,
                        clock_monotonic_us() + VERIFY_TIMEOUT_US, "look where the logs end", err);

        if (!code)
                buffer_append_string(ret, PQgetvalue(res, 0, 0));
        return code;
}

/* Whether everything has come to @heads; names what is behind. */
static ErrorCode caught_up(PGconn *conn, const VerifyOptions *options, const char *heads, bool *ret,
                           Buffer *ret_behind, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, heads);
        pg_params_text(params, *options->view ? options->view : NULL);
        code = pg_exec(conn, sql_verify_lag, params, &res, clock_monotonic_us() + VERIFY_TIMEOUT_US,
                       "look how far topics and views are", err);
        if (code)
                return code;
        buffer_clear(ret_behind);
        for (int i = 0; i < PQntuples(res); i++) {
                const char *what = PQgetvalue(res, i, 0);

                if (strtoll(PQgetvalue(res, i, 1), NULL, 10) == 0 ||
                    (options->no_topics && strcmp(what, "topics") == 0))
                        continue;
                buffer_printf(ret_behind, "%s%s: %s events", ret_behind->size ? ", " : "", what,
                              PQgetvalue(res, i, 1));
        }
        *ret = ret_behind->size == 0;
        return ERROR_NONE;
}

ErrorCode verify_wait(PGconn *conn, const VerifyOptions *options, Buffer *ret_heads,
                      VerifyReport *report, Error *err)
{
        _cleanup_(buffer_deinit) Buffer behind = BUFFER_INIT;
        int64_t deadline_us = clock_monotonic_us() + options->wait_s * US_PER_SEC;
        bool done = false;
        ErrorCode code = note_heads(conn, ret_heads, err);

        for (;;) {
                if (!code)
                        code = caught_up(conn, options, ret_heads->data, &done, &behind, err);
                if (code || done)
                        return code;
                if (clock_monotonic_us() >= deadline_us) {
                        verify_problem(report, "behind the store: %s", behind.data);
                        return ERROR_NONE;
                }
                verify_progress(report, "waiting: %s", behind.data);
                clock_wait_us(LOOK_EVERY_US);
        }
}
