#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/pg/pg_params.h"
#include "verify.h"
#include "verify_counts.sql.h"
#include "verify_logs.sql.h"
#include "verify_streams.sql.h"

static int64_t number(const PGresult *res, int row, int column)
{
        return strtoll(PQgetvalue(res, row, column), NULL, 10);
}

static ErrorCode query(PGconn *conn, const char *sql, PgParams *params, PGresult **ret, Error *err)
{
        return pg_exec(conn, sql, params, ret, clock_monotonic_us() + VERIFY_TIMEOUT_US,
                       "read the event store", err);
}

static ErrorCode check_logs(PGconn *conn, const char *heads, VerifyReport *report,
                            VerifyLog **ret_logs, size_t *ret_n, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        VerifyLog *logs;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, heads);
        code = query(conn, sql_verify_logs, params, &res, err);
        if (code)
                return code;
        logs = calloc((size_t)PQntuples(res) + 1, sizeof *logs);
        if (!logs)
                return error_no_memory(err);
        for (int i = 0; i < PQntuples(res); i++) {
                VerifyLog *log = &logs[i];
                int64_t head = number(res, i, 2), count = number(res, i, 3),
                        first = number(res, i, 4), last = number(res, i, 5);

                (void)snprintf(log->aggregate_type, sizeof log->aggregate_type, "%s",
                               PQgetvalue(res, i, 0));
                log->partition = (int32_t)number(res, i, 1);
                log->end = number(res, i, 6);
                if (count != head || last != head || (count && first != 1))
                        verify_problem(report,
                                       "log %s/%" PRId32 ": head %" PRId64 ", but %" PRId64
                                       " events from %" PRId64 " to %" PRId64,
                                       log->aggregate_type, log->partition, head, count, first,
                                       last);
        }
        *ret_logs = logs;
        *ret_n = (size_t)PQntuples(res);
        return ERROR_NONE;
}

ErrorCode verify_store(PGconn *conn, const char *heads, VerifyReport *report, VerifyLog **ret_logs,
                       size_t *ret_n, Error *err)
{
        _cleanup_(PQclearp) PGresult *counts = NULL;
        _cleanup_(PQclearp) PGresult *streams = NULL;
        ErrorCode code;

        verify_progress(report, "reading the event store");
        code = query(conn, sql_verify_counts, NULL, &counts, err);
        if (!code)
                code = query(conn, sql_verify_streams, NULL, &streams, err);
        if (code)
                return code;
        report->events = number(counts, 0, 0);
        report->streams = number(counts, 0, 1);
        report->commands = number(counts, 0, 2);
        for (int i = 0; i < PQntuples(streams); i++)
                verify_problem(report, "stream %s \"%s\" is not 1…version in one partition",
                               PQgetvalue(streams, i, 0), PQgetvalue(streams, i, 1));
        return check_logs(conn, heads, report, ret_logs, ret_n, err);
}
