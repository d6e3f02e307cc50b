#include "relay_session.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pg/pg_params.h"
#include "common/store/store.h"
#include "note_published.sql.h"
#include "relay_lease.sql.h"

#define SESSION_TIMEOUT_US (5 * US_PER_SEC)

struct RelaySession {
        PGconn *conn;
        PgParams *params;
};

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + SESSION_TIMEOUT_US;
}

ErrorCode relay_session_open(RelaySession **ret, const char *pg_url, Error *err)
{
        _cleanup_(relay_session_closep) RelaySession *session = calloc(1, sizeof *session);
        ErrorCode code;

        if (!session || !(session->params = pg_params_new()))
                return error_no_memory(err);
        code = pg_connect(&session->conn, pg_url, "command-svc relay", deadline_us(), err);
        /* What is forgotten in a crash is published again, and consumers drop repeats. */
        if (!code)
                code = pg_exec(session->conn, "SET synchronous_commit = off", NULL, NULL,
                               deadline_us(), "set up the relay's session", err);
        if (code)
                return code;
        *ret = TAKE_PTR(session);
        return ERROR_NONE;
}

void relay_session_close(RelaySession *session)
{
        if (!session)
                return;
        pg_params_free(session->params);
        PQfinish(session->conn);
        free(session);
}

PGconn *relay_session_conn(RelaySession *session)
{
        return session->conn;
}

/* Ask for the leases of all logs that are not ours; *ret_leased[i] says which came. */
static ErrorCode lease(RelaySession *session, RelayLog *logs, size_t n_logs, bool *ret_leased,
                       bool *ret_any, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(freep) size_t *asked = calloc(n_logs, sizeof *asked);
        int types, partitions;
        size_t n_asked = 0;
        ErrorCode code;

        if (!asked)
                return error_no_memory(err);
        *ret_any = false;
        pg_params_clear(session->params);
        types = pg_params_array(session->params, PG_ARRAY_TEXT);
        partitions = pg_params_array(session->params, PG_ARRAY_INT4);
        for (size_t i = 0; i < n_logs; i++) {
                if (atomic_load(&logs[i].leased))
                        continue;
                pg_array_text(session->params, types, logs[i].aggregate_type);
                pg_array_int(session->params, partitions, logs[i].partition);
                asked[n_asked++] = i;
        }
        if (n_asked == 0)
                return ERROR_NONE;
        code = pg_exec_prepared(session->conn, "relay_lease", sql_relay_lease, session->params,
                                &res, deadline_us(), "lease log partitions", err);
        if (code)
                return code;
        for (int i = 0; i < PQntuples(res); i++) {
                size_t index = strtoul(PQgetvalue(res, i, 0), NULL, 10);

                if (index < 1 || index > n_asked)
                        return error_set(err, ERROR_INTERNAL, "no log partition %zu was asked for",
                                         index);
                ret_leased[asked[index - 1]] = true;
                *ret_any = true;
        }
        return ERROR_NONE;
}

static void learn_head(RelayLog *log, const LogHead *head, bool newly_leased)
{
        if (newly_leased) {
                relay_log_rewind(log, head->published);
                atomic_store(&log->leased, true);
        }
        if (head->last_position > atomic_load(&log->committed))
                atomic_store(&log->committed, head->last_position);
}

ErrorCode relay_session_refresh(RelaySession *session, RelayLog *logs, size_t n_logs, Error *err)
{
        _cleanup_(freep) bool *leased = calloc(n_logs, sizeof *leased);
        bool any;
        ErrorCode code;

        if (!leased)
                return error_no_memory(err);
        code = lease(session, logs, n_logs, leased, &any, err);
        for (size_t i = 0; !code && i < n_logs;) {
                _cleanup_(freep) LogHead *heads = NULL;
                const char *type = logs[i].aggregate_type;
                size_t n_heads = 0;

                code = store_read_heads(session->conn, type, &heads, &n_heads, deadline_us(), err);
                if (code)
                        return code;
                /* The logs of one type stand together, by partition, as the heads do. */
                for (size_t h = 0; i < n_logs && strcmp(logs[i].aggregate_type, type) == 0; i++) {
                        while (h < n_heads && heads[h].partition < logs[i].partition)
                                h++;
                        if (h < n_heads && heads[h].partition == logs[i].partition)
                                learn_head(&logs[i], &heads[h], leased[i]);
                }
        }
        return code;
}

/* How far the broker has come with one log, and what it passed on the way. */
static void add_note(PgParams *params, const RelayLog *log)
{
        enum {
                TYPES,
                PARTITIONS,
                POSITIONS,
                TIMES,
        };

        for (size_t i = 0; i < log->n_marks; i++) {
                pg_array_text(params, TYPES, log->aggregate_type);
                pg_array_int(params, PARTITIONS, log->partition);
                pg_array_int(params, POSITIONS, log->marks[i].position);
                pg_array_int(params, TIMES, log->marks[i].at_us);
        }
}

ErrorCode relay_session_note(RelaySession *session, RelayLog *logs, size_t n_logs, Error *err)
{
        PgParams *params = session->params;
        size_t n = 0;
        ErrorCode code;

        pg_params_clear(params);
        (void)pg_params_array(params, PG_ARRAY_TEXT);
        (void)pg_params_array(params, PG_ARRAY_INT4);
        (void)pg_params_array(params, PG_ARRAY_INT8);
        (void)pg_params_array(params, PG_ARRAY_INT8);
        for (size_t i = 0; i < n_logs; i++) {
                if (!atomic_load(&logs[i].leased) || logs[i].n_marks == 0)
                        continue;
                add_note(params, &logs[i]);
                n++;
        }
        if (n == 0)
                return ERROR_NONE;
        code = pg_exec_prepared(session->conn, "note_published", sql_note_published, params, NULL,
                                deadline_us(), "note what is published", err);
        if (code)
                return code;
        for (size_t i = 0; i < n_logs; i++)
                logs[i].n_marks = 0;
        return ERROR_NONE;
}
