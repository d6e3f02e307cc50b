#include "common/pg/pg_copy.h"

#include <assert.h>
#include <string.h>

#include "common/pg/pg_conn.h"
#include "common/pg/pg_wait.h"

#define SEND_BYTES 65536 /* at once: libpq keeps a buffer of what it was given */

/* What would end a value or a line, and what says so. */
static char escaped(char c)
{
        switch (c) {
        case '\t':
                return 't';
        case '\n':
                return 'n';
        case '\r':
                return 'r';
        case '\\':
                return '\\';
        default:
                return 0;
        }
}

void pg_copy_value(Buffer *lines, const char *text)
{
        if (!text) {
                buffer_append_string(lines, "\\N");
                return;
        }
        for (;;) {
                size_t plain = strcspn(text, "\t\n\r\\");

                buffer_append(lines, text, plain);
                text += plain;
                if (!*text)
                        return;
                buffer_append_char(lines, '\\');
                buffer_append_char(lines, escaped(*text++));
        }
}

ErrorCode pg_copy_begin(PGconn *conn, const char *sql, int64_t deadline_us, const char *what,
                        Error *err)
{
        ErrorCode code;

        assert(PQpipelineStatus(conn) == PQ_PIPELINE_OFF);

        if (!PQsendQuery(conn, sql))
                return pg_error_from_conn(err, conn, what);
        code = pg_flush(conn, deadline_us, what, err);
        while (!code) {
                _cleanup_(PQclearp) PGresult *res = NULL;

                code = pg_next_result(conn, &res, deadline_us, what, err);
                if (code)
                        return code;
                if (!res)
                        return pg_error_from_conn(err, conn, what);
                if (PQresultStatus(res) == PGRES_COPY_IN)
                        return ERROR_NONE;
                code = pg_error_from_result(err, conn, res, what);
                if (code) /* up to its end */
                        (void)!pg_receive(conn, NULL, deadline_us, what, NULL);
        }
        return code;
}

ErrorCode pg_copy_lines(PGconn *conn, const Buffer *lines, int64_t deadline_us, const char *what,
                        Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (size_t sent = 0; !code && sent < lines->size;) {
                size_t left = lines->size - sent, n = left < SEND_BYTES ? left : SEND_BYTES;

                if (PQputCopyData(conn, lines->data + sent, (int)n) != 1)
                        return pg_error_from_conn(err, conn, what);
                sent += n;
                code = pg_flush(conn, deadline_us, what, err);
        }
        return code;
}

ErrorCode pg_copy_end(PGconn *conn, int64_t deadline_us, const char *what, Error *err)
{
        if (PQputCopyEnd(conn, NULL) != 1)
                return pg_error_from_conn(err, conn, what);
        return pg_flush(conn, deadline_us, what, err);
}
