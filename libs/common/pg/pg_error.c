#include "common/pg/pg_error.h"

#include <stdio.h>
#include <string.h>

/* A state is matched by its first characters; the first row that fits wins. */
static const struct {
        const char *prefix;
        ErrorCode code;
} state_codes[] = {
        { "40", ERROR_CONFLICT },    /* serialisation failure, deadlock */
        { "08", ERROR_UNAVAILABLE }, /* connection lost or refused */
        { "25006",
          ERROR_UNAVAILABLE }, /* read-only: a standby, or a primary that is being demoted */
        { "25P03", ERROR_UNAVAILABLE }, /* idle in transaction for too long */
        { "53", ERROR_UNAVAILABLE },    /* too many connections, no memory, no disk */
        { "55P03", ERROR_UNAVAILABLE }, /* lock timeout */
        { "57014", ERROR_UNAVAILABLE }, /* statement timeout, or cancelled by an operator */
        { "57P", ERROR_UNAVAILABLE },   /* shutdown, crash recovery, starting up */
};

static ErrorCode code_of_state(const char *state)
{
        for (size_t i = 0; i < ARRAY_SIZE(state_codes); i++)
                if (strncmp(state, state_codes[i].prefix, strlen(state_codes[i].prefix)) == 0)
                        return state_codes[i].code;
        return ERROR_INTERNAL;
}

/* libpq's text has line feeds, at its end and between the hosts it tried; an Error is one line. */
static void one_line(const char *text, char *ret, size_t size)
{
        size_t n = 0, length = strlen(text);

        while (length > 0 && text[length - 1] == '\n')
                length--;
        for (size_t i = 0; i < length && n + 1 < size; i++) {
                if (text[i] == '\n' && n + 2 < size)
                        ret[n++] = ';';
                ret[n++] = text[i];
                if (text[i] == '\n' || text[i] == '\t')
                        ret[n - 1] = ' ';
        }
        ret[n] = '\0';
}

ErrorCode pg_error_from_conn(Error *err, PGconn *conn, const char *what)
{
        char reason[sizeof err->message];

        one_line(conn ? PQerrorMessage(conn) : "", reason, sizeof reason);
        return error_set(err, ERROR_UNAVAILABLE, "could not %s: %s", what,
                         *reason ? reason : "no connection to PostgreSQL");
}

ErrorCode pg_error_from_result(Error *err, PGconn *conn, const PGresult *res, const char *what)
{
        char reason[sizeof err->message];
        const char *state, *message;
        ErrorCode code;

        switch (PQresultStatus(res)) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
        case PGRES_SINGLE_TUPLE:
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
        case PGRES_EMPTY_QUERY:
        case PGRES_NONFATAL_ERROR:
        case PGRES_PIPELINE_SYNC:
                return ERROR_NONE;
        case PGRES_PIPELINE_ABORTED:
                return error_set(err, ERROR_INTERNAL,
                                 "could not %s: an earlier statement of the pipeline failed", what);
        case PGRES_BAD_RESPONSE:
        case PGRES_FATAL_ERROR:
                break;
        }
        if (!res)
                return pg_error_from_conn(err, conn, what);

        state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
        message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
        one_line(message ? message : PQresultErrorMessage(res), reason, sizeof reason);
        if (!state) /* made by libpq: the connection broke, or there is no memory */
                return error_set(err,
                                 PQstatus(conn) == CONNECTION_BAD ? ERROR_UNAVAILABLE
                                                                  : ERROR_INTERNAL,
                                 "could not %s: %s", what, reason);
        code = error_set(err, code_of_state(state), "could not %s: %s", what, reason);
        if (err)
                (void)snprintf(err->sqlstate, sizeof err->sqlstate, "%s", state);
        return code;
}
