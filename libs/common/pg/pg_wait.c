#include "common/pg/pg_wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/base/clock.h"

bool pg_wait_for(PGconn *conn, short events, int64_t deadline_us)
{
        struct pollfd fd = { .fd = PQsocket(conn), .events = events };

        for (;;) {
                int64_t left_us = deadline_us - clock_monotonic_us(), left_ms;
                int n;

                if (left_us < 0)
                        left_us = 0;
                left_ms = left_us / US_PER_MS + (left_us % US_PER_MS != 0);
                n = poll(&fd, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
                if (n > 0)
                        return true;
                if (n < 0 && errno != EINTR)
                        return true; /* libpq will meet the same error and report it */
                if (n == 0 && left_us == 0)
                        return false;
        }
}

void pg_break(PGconn *conn)
{
        (void)shutdown(PQsocket(conn), SHUT_RDWR);
        while (PQstatus(conn) == CONNECTION_OK && PQconsumeInput(conn)) /* up to the end */
                ;
}

ErrorCode pg_too_late(PGconn *conn, const char *what, Error *err)
{
        pg_break(conn);
        return error_set(err, ERROR_UNAVAILABLE, "could not %s: no answer from PostgreSQL in time",
                         what);
}

ErrorCode pg_next_result(PGconn *conn, PGresult **ret, int64_t deadline_us, const char *what,
                         Error *err)
{
        while (PQisBusy(conn)) {
                if (!pg_wait_for(conn, POLLIN, deadline_us))
                        return pg_too_late(conn, what, err);
                if (!PQconsumeInput(conn))
                        break; /* the next result says why */
        }
        *ret = PQgetResult(conn);
        return ERROR_NONE;
}

ErrorCode pg_flush(PGconn *conn, int64_t deadline_us, const char *what, Error *err)
{
        for (;;) {
                int left = PQflush(conn);

                if (left == 0)
                        return ERROR_NONE;
                if (left < 0)
                        return pg_error_from_conn(err, conn, what);
                if (!pg_wait_for(conn, POLLIN | POLLOUT, deadline_us))
                        return pg_too_late(conn, what, err);
                if (!PQconsumeInput(conn))
                        return pg_error_from_conn(err, conn, what);
        }
}
