#include "change_session.h"

#include <stdlib.h>

#include "change_head.sql.h"
#include "change_lease.sql.h"
#include "change_log_open.sql.h"
#include "change_log_stop.sql.h"
#include "change_note.sql.h"
#include "common/base/clock.h"
#include "common/model/sql_text.h"
#include "common/pg/pg_params.h"

#define CONNECT_TIMEOUT_US   (5 * US_PER_SEC)
#define STATEMENT_TIMEOUT_US (30 * US_PER_SEC)
#define RESET_TIMEOUT_US     (3600 * US_PER_SEC) /* it copies the whole view */
#define PURGE_SIZE           5000                /* batches */

struct ChangeSession {
        PGconn *conn;
        PgParams *params;
        const char *view;
        char *read_sql, *purge_sql, *ages_sql;
};

/* Commits wait for the disk here: views' do not, and what a crash may forget must not be published. Plans are made
 * while the table is empty. */
static const char session_setup[] = "SET synchronous_commit = on; SET enable_seqscan = off; "
                                    "SET enable_bitmapscan = off; "
                                    "SET plan_cache_mode = force_generic_plan";

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + STATEMENT_TIMEOUT_US;
}

/* The commit of this flushes the log up to its own record, which is behind those of all that it sees. */
static void build_read(Buffer *sql, const char *table)
{
        buffer_append_string(
                sql,
                "WITH noted AS (\n"
                "    UPDATE projection.change_publications AS p SET updated_at = now(),\n"
                "        durable = greatest(p.durable, l.last), published = greatest(p.published, $2)\n"
                "    FROM projection.change_logs AS l WHERE l.view = $1 AND p.view = $1\n)\n"
                "SELECT b.first, b.last, (extract(epoch FROM b.changed_at) * 1000000)::int8, b.entries\n"
                "FROM (\n"
                "    SELECT n.*, sum(n.size) OVER (ORDER BY n.last) - n.size AS before\n"
                "    FROM (\n"
                "        SELECT *, octet_length(entries) AS size\n"
                "        FROM ");
        buffer_append_string(sql, table);
        buffer_append_string(sql, " WHERE last > $3 ORDER BY last LIMIT $4\n"
                                  "    ) AS n\n"
                                  ") AS b WHERE b.before < $5 ORDER BY b.last");
}

static void build_purge(Buffer *sql, const char *table)
{
        buffer_printf(sql,
                      "DELETE FROM %s WHERE last <= (\n"
                      "    SELECT max(o.last)\n"
                      "    FROM (SELECT last, changed_at FROM %s WHERE last <= $1\n"
                      "          ORDER BY last LIMIT %d) AS o\n"
                      "    WHERE o.changed_at < now() - $2 * interval '1 second')",
                      table, table, PURGE_SIZE);
}

static void build_ages(Buffer *sql, const char *table)
{
        buffer_printf(
                sql,
                "SELECT coalesce((SELECT first FROM %s ORDER BY last LIMIT 1), 0),\n"
                "    coalesce((SELECT (extract(epoch FROM changed_at) * 1000000)::int8 FROM %s\n"
                "              WHERE last > $1 ORDER BY last LIMIT 1), 0)",
                table, table);
}

static char *build(void (*append)(Buffer *sql, const char *table), const char *table)
{
        Buffer sql = BUFFER_INIT;

        append(&sql, table);
        return buffer_take(&sql);
}

ErrorCode change_session_open(ChangeSession **ret, const char *pg_url, const char *view, Error *err)
{
        _cleanup_(change_session_closep) ChangeSession *session = calloc(1, sizeof *session);
        _cleanup_(buffer_deinit) Buffer name = BUFFER_INIT, table = BUFFER_INIT;
        ErrorCode code;

        if (!session || !(session->params = pg_params_new()))
                return error_no_memory(err);
        session->view = view;
        buffer_append_string(&table, "change_batches.");
        sql_quote_name(&table, view);
        session->read_sql = build(build_read, table.data);
        session->purge_sql = build(build_purge, table.data);
        session->ages_sql = build(build_ages, table.data);
        buffer_printf(&name, "projector-svc %s changes", view);
        code = pg_connect(&session->conn, pg_url, name.data,
                          clock_monotonic_us() + CONNECT_TIMEOUT_US, err);
        if (!code)
                code = pg_exec(session->conn, session_setup, NULL, NULL, deadline_us(),
                               "set up a publisher's session", err);
        if (code)
                return code;
        *ret = TAKE_PTR(session);
        return ERROR_NONE;
}

void change_session_close(ChangeSession *session)
{
        if (!session)
                return;
        PQfinish(session->conn);
        pg_params_free(session->params);
        free(session->read_sql);
        free(session->purge_sql);
        free(session->ages_sql);
        free(session);
}

static int64_t number(const PGresult *res, int row, int column)
{
        return strtoll(PQgetvalue(res, row, column), NULL, 10);
}

static PgParams *begin_params(ChangeSession *session)
{
        pg_params_clear(session->params);
        return session->params;
}

ErrorCode change_session_lease(ChangeSession *session, bool *ret_leased, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        pg_params_text(begin_params(session), session->view);
        code = pg_exec(session->conn, sql_change_lease, session->params, &res, deadline_us(),
                       "lease a change feed", err);
        if (!code)
                *ret_leased = PQgetvalue(res, 0, 0)[0] == 't';
        return code;
}

ErrorCode change_session_head(ChangeSession *session, ChangeHead *ret, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        pg_params_text(begin_params(session), session->view);
        code = pg_exec_prepared(session->conn, "change_head", sql_change_head, session->params,
                                &res, deadline_us(), "look at a change feed", err);
        if (code)
                return code;
        *ret = (ChangeHead){ 0 };
        if (PQntuples(res) == 1)
                *ret = (ChangeHead){ .last = number(res, 0, 0), .published = number(res, 0, 1) };
        return ERROR_NONE;
}

ErrorCode change_session_read(ChangeSession *session, int64_t after, int64_t published,
                              int64_t max_batches, int64_t max_bytes, PGresult **ret, Error *err)
{
        PgParams *params = begin_params(session);

        pg_params_text(params, session->view);
        pg_params_int64(params, published);
        pg_params_int64(params, after);
        pg_params_int64(params, max_batches);
        pg_params_int64(params, max_bytes);
        return pg_exec_prepared(session->conn, "change_read", session->read_sql, params, ret,
                                deadline_us(), "read changes", err);
}

void change_session_batch(const PGresult *rows, int row, ChangeEntries *ret)
{
        change_entries_init(ret, PQgetvalue(rows, row, 3), (size_t)PQgetlength(rows, row, 3),
                            number(rows, row, 0), number(rows, row, 1), number(rows, row, 2));
}

ErrorCode change_session_note(ChangeSession *session, int64_t published, Error *err)
{
        PgParams *params = begin_params(session);

        pg_params_text(params, session->view);
        pg_params_int64(params, published);
        return pg_exec_prepared(session->conn, "change_note", sql_change_note, params, NULL,
                                deadline_us(), "note published changes", err);
}

ErrorCode change_session_purge(ChangeSession *session, int64_t published, int64_t retention_s,
                               bool *ret_more, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        PgParams *params = begin_params(session);
        ErrorCode code;

        pg_params_int64(params, published);
        pg_params_int64(params, retention_s);
        code = pg_exec_prepared(session->conn, "change_purge", session->purge_sql, params, &res,
                                deadline_us(), "delete published changes", err);
        if (!code)
                *ret_more = strtoll(PQcmdTuples(res), NULL, 10) >= PURGE_SIZE;
        return code;
}

ErrorCode change_session_ages(ChangeSession *session, int64_t published, int64_t *ret_oldest,
                              int64_t *ret_waits_since_us, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        pg_params_int64(begin_params(session), published);
        code = pg_exec_prepared(session->conn, "change_ages", session->ages_sql, session->params,
                                &res, deadline_us(), "look at changes", err);
        if (code)
                return code;
        *ret_oldest = number(res, 0, 0);
        *ret_waits_since_us = number(res, 0, 1);
        return ERROR_NONE;
}

static ErrorCode exec_long(ChangeSession *session, const char *sql, const atomic_bool *stop,
                           Error *err)
{
        pg_params_text(begin_params(session), session->view);
        return pg_exec_stoppable(session->conn, sql, session->params, NULL, stop,
                                 clock_monotonic_us() + RESET_TIMEOUT_US,
                                 "begin a change feed anew", err);
}

/* First it is committed that the feed is not complete: whatever ends us in between, the next writer makes it so. */
ErrorCode change_session_reset(ChangeSession *session, const atomic_bool *stop, Error *err)
{
        ErrorCode code = exec_long(session, sql_change_log_stop, stop, err);

        return code ? code : exec_long(session, sql_change_log_open, stop, err);
}
