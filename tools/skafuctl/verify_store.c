#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "verify.h"
#include "verify_counts.sql.h"
#include "verify_logs.sql.h"
#include "verify_streams.sql.h"

static int64_t number(const PGresult *res, int row, int column)
{
        return strtoll(PQgetvalue(res, row, column), NULL, 10);
}

static ErrorCode query(PGconn *conn, const char *sql, PGresult **ret, Error *err)
{
        return pg_exec(conn, sql, NULL, ret, clock_monotonic_us() + VERIFY_TIMEOUT_US,
                       "read the event store", err);
}

static ErrorCode check_logs(PGconn *conn, VerifyReport *report, VerifyLog **ret_logs, size_t *ret_n,
                            Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        VerifyLog *logs;
        ErrorCode code;

        code = query(conn, sql_verify_logs, &res, err);
        if (code)
                return code;
        logs = calloc((size_t)PQntuples(res) + 1, sizeof *logs);
        if (!logs)
                return error_no_memory(err);
        for (int i = 0; i < PQntuples(res); i++) {
                VerifyLog *log = &logs[i];
                int64_t count = number(res, i, 3), first = number(res, i, 4),
                        last = number(res, i, 5);

                (void)snprintf(log->aggregate_type, sizeof log->aggregate_type, "%s",
                               PQgetvalue(res, i, 0));
                log->partition = (int32_t)number(res, i, 1);
                log->last_position = number(res, i, 2);
                if (count != log->last_position || last != log->last_position ||
                    (count && first != 1))
                        verify_problem(report,
                                       "log %s/%" PRId32 ": head %" PRId64 ", but %" PRId64
                                       " events from %" PRId64 " to %" PRId64,
                                       log->aggregate_type, log->partition, log->last_position,
                                       count, first, last);
        }
        *ret_logs = logs;
        *ret_n = (size_t)PQntuples(res);
        return ERROR_NONE;
}

ErrorCode verify_store(PGconn *conn, VerifyReport *report, VerifyLog **ret_logs, size_t *ret_n,
                       Error *err)
{
        _cleanup_(PQclearp) PGresult *counts = NULL;
        _cleanup_(PQclearp) PGresult *streams = NULL;
        ErrorCode code;

        verify_progress(report, "reading the event store");
        code = query(conn, sql_verify_counts, &counts, err);
        if (!code)
                code = query(conn, sql_verify_streams, &streams, err);
        if (code)
                return code;
        report->events = number(counts, 0, 0);
        report->streams = number(counts, 0, 1);
        report->commands = number(counts, 0, 2);
        for (int i = 0; i < PQntuples(streams); i++)
                verify_problem(report, "stream %s \"%s\" is not 1…version in one partition",
                               PQgetvalue(streams, i, 0), PQgetvalue(streams, i, 1));
        return check_logs(conn, report, ret_logs, ret_n, err);
}
