#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "verify.h"
#include "verify_lag.sql.h"

#define LOOK_EVERY_US (100 * US_PER_MS)

/* Whether everything has caught up; names what is behind most. */
static ErrorCode caught_up(PGconn *conn, const VerifyOptions *options, bool *ret,
                           Buffer *ret_behind, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        code = pg_exec(conn, sql_verify_lag, NULL, &res, clock_monotonic_us() + VERIFY_TIMEOUT_US,
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

ErrorCode verify_wait(PGconn *conn, const VerifyOptions *options, VerifyReport *report, Error *err)
{
        _cleanup_(buffer_deinit) Buffer behind = BUFFER_INIT;
        int64_t deadline_us = clock_monotonic_us() + options->wait_s * US_PER_SEC;
        bool done = false;
        ErrorCode code = ERROR_NONE;

        for (;;) {
                code = caught_up(conn, options, &done, &behind, err);
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
