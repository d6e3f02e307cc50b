#include "common/pg/pg_conn.h"

#include <assert.h>
#include <poll.h>
#include <string.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/pg/pg_params.h"
#include "common/pg/pg_prepared.h"
#include "common/pg/pg_wait.h"

#define STOP_LOOK_US            (50 * US_PER_MS)
#define STOP_AGAIN_US           (1 * US_PER_SEC)
#define STOP_TIMEOUT_US         (5 * US_PER_SEC) /* for the answer to a cancel */
#define STATE_STATEMENT_UNKNOWN "26000"
#define STATE_STATEMENT_EXISTS  "42P05"
#define STATE_PLAN_OUTDATED     "0A000" /* "cached plan must not change result type" */

/* clang-format off: a sentence */
static const char session_options[] =
        "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 "
        /* statements here are short; compiling one takes longer than running it */
        "-c jit=off "
        /* a deadline that passes here ends the statement there, and with it the locks it waits for */
        "-c client_connection_check_interval=1s -c idle_in_transaction_session_timeout=60s "
        /* a machine that is gone must not keep its leases: it is the server that has to notice */
        "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 "
        "-c tcp_user_timeout=25000";
/* clang-format on */

DEFINE_CLEANUP(PQconninfoOption *, PQconninfoFree)
DEFINE_CLEANUP(PGcancel *, PQfreeCancel)

static void ignore_notice(void *arg, const PGresult *res)
{
}

/* What @url says about options, after ours, so that it wins. */
static ErrorCode merge_options(const char *url, Buffer *ret, Error *err)
{
        char *reason = NULL;
        _cleanup_(PQconninfoFreep) PQconninfoOption *items = PQconninfoParse(url, &reason);

        PQfreemem(reason); /* quotes the string, and there may be a password in it */
        if (!items)
                return error_set(err, ERROR_UNAVAILABLE,
                                 "could not connect to PostgreSQL: the connection string is "
                                 "neither postgresql://… nor key=value");
        buffer_append_string(ret, session_options);
        for (const PQconninfoOption *item = items; item->keyword; item++) {
                if (strcmp(item->keyword, "options") == 0 && item->val) {
                        buffer_append_char(ret, ' ');
                        buffer_append_string(ret, item->val);
                }
        }
        return ERROR_NONE;
}

static ErrorCode finish_connecting(PGconn *conn, int64_t deadline_us, Error *err)
{
        PostgresPollingStatusType status = PGRES_POLLING_WRITING;

        if (PQstatus(conn) == CONNECTION_BAD)
                return pg_error_from_conn(err, conn, "connect to PostgreSQL");
        while (status != PGRES_POLLING_OK) {
                if (status == PGRES_POLLING_FAILED)
                        return pg_error_from_conn(err, conn, "connect to PostgreSQL");
                if (!pg_wait_for(conn, status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                                 deadline_us))
                        return error_set(err, ERROR_UNAVAILABLE,
                                         "could not connect to PostgreSQL: no answer in time");
                status = PQconnectPoll(conn);
        }
        return ERROR_NONE;
}

ErrorCode pg_connect(PGconn **ret, const char *url, const char *name, int64_t deadline_us,
                     Error *err)
{
        _cleanup_(buffer_deinit) Buffer options = BUFFER_INIT;
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        ErrorCode code;

        assert(ret && url && name);

        code = merge_options(url, &options, err);
        if (code)
                return code;

        /* What stands before dbname is a default, what stands after it is not to be changed. */
        const char *const settings[][2] = {
                { "application_name", name },
                { "keepalives_idle", "10" },
                { "keepalives_interval", "5" },
                { "keepalives_count", "3" },
                { "tcp_user_timeout", "10000" }, /* ms */
                { "target_session_attrs", "read-write" },
                { "dbname", url },
                { "options", buffer_text(&options) },
                { "client_encoding", "UTF8" },
                { NULL, NULL },
        };
        const char *keywords[ARRAY_SIZE(settings)], *values[ARRAY_SIZE(settings)];

        for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
                keywords[i] = settings[i][0];
                values[i] = settings[i][1];
        }
        conn = PQconnectStartParams(keywords, values, 1);
        if (!conn)
                return error_no_memory(err);
        (void)PQsetNoticeReceiver(conn, ignore_notice, NULL);
        code = finish_connecting(conn, deadline_us, err);
        if (code)
                return code;
        if (PQsetnonblocking(conn, 1) != 0 || !pg_prepared_register(conn))
                return error_no_memory(err);
        *ret = TAKE_PTR(conn);
        return ERROR_NONE;
}

ErrorCode pg_receive(PGconn *conn, PGresult **ret, int64_t deadline_us, const char *what,
                     Error *err)
{
        _cleanup_(PQclearp) PGresult *kept = NULL;
        ErrorCode code = ERROR_NONE;
        bool any = false;

        for (;;) {
                _cleanup_(PQclearp) PGresult *res = NULL;

                if (pg_next_result(conn, &res, deadline_us, what, err))
                        return ERROR_UNAVAILABLE;
                if (!res)
                        break;
                any = true;
                if (code) /* the first failure is the cause, what follows is its consequence */
                        continue;
                if (PQresultStatus(res) == PGRES_COPY_IN || PQresultStatus(res) == PGRES_COPY_OUT) {
                        pg_break(conn);
                        return error_set(err, ERROR_INTERNAL, "could not %s: COPY is not for this",
                                         what);
                }
                code = pg_error_from_result(err, conn, res, what);
                PQclear(kept);
                kept = TAKE_PTR(res);
        }
        if (!any)
                return pg_error_from_conn(err, conn, what);
        if (code) {
                const char *state = PQresultErrorField(kept, PG_DIAG_SQLSTATE);

                if (state && (strcmp(state, STATE_STATEMENT_UNKNOWN) == 0 ||
                              strcmp(state, STATE_PLAN_OUTDATED) == 0))
                        pg_prepared_forget_all(conn); /* next time they are prepared again */
                return code;
        }
        if (ret)
                *ret = TAKE_PTR(kept);
        return ERROR_NONE;
}

static ErrorCode send_statement(PGconn *conn, const char *sql, PgParams *params,
                                int64_t deadline_us, const char *what, Error *err)
{
        int sent;

        assert(PQpipelineStatus(conn) == PQ_PIPELINE_OFF);

        if (params) {
                PgParamView view = pg_params_view(params);

                sent = PQsendQueryParams(conn, sql, view.n, view.types, view.values, view.lengths,
                                         view.formats, view.result_format);
        } else {
                sent = PQsendQuery(conn, sql);
        }
        return sent ? pg_flush(conn, deadline_us, what, err) : pg_error_from_conn(err, conn, what);
}

ErrorCode pg_exec(PGconn *conn, const char *sql, PgParams *params, PGresult **ret,
                  int64_t deadline_us, const char *what, Error *err)
{
        ErrorCode code = send_statement(conn, sql, params, deadline_us, what, err);

        return code ? code : pg_receive(conn, ret, deadline_us, what, err);
}

static void cancel(PGconn *conn)
{
        _cleanup_(PQfreeCancelp) PGcancel *request = PQgetCancel(conn);
        char reason[256];

        if (request)
                (void)PQcancel(request, reason, sizeof reason);
}

/* Until an answer is there; *@deadline_us comes closer once @stop is true. A cancel that arrives before its statement is
 * for nothing, so it is repeated. */
static void await_answer(PGconn *conn, const atomic_bool *stop, int64_t *deadline_us)
{
        int64_t again_us = 0; /* when to cancel again */

        while (PQisBusy(conn)) {
                int64_t now_us = clock_monotonic_us(), until_us = now_us + STOP_LOOK_US;

                if (atomic_load(stop) && now_us >= again_us) {
                        if (!again_us && *deadline_us > now_us + STOP_TIMEOUT_US)
                                *deadline_us = now_us + STOP_TIMEOUT_US;
                        again_us = now_us + STOP_AGAIN_US;
                        cancel(conn);
                }
                if (now_us >= *deadline_us)
                        return;
                if (pg_wait_for(conn, POLLIN, until_us < *deadline_us ? until_us : *deadline_us) &&
                    !PQconsumeInput(conn))
                        return;
        }
}

/* NOLINTNEXTLINE(readability-function-size): pg_exec() and a flag */
ErrorCode pg_exec_stoppable(PGconn *conn, const char *sql, PgParams *params, PGresult **ret,
                            const atomic_bool *stop, int64_t deadline_us, const char *what,
                            Error *err)
{
        ErrorCode code;

        if (atomic_load(stop))
                return error_set(err, ERROR_UNAVAILABLE, "could not %s: told to stop", what);
        code = send_statement(conn, sql, params, deadline_us, what, err);
        if (code)
                return code;
        await_answer(conn, stop, &deadline_us);
        code = pg_receive(conn, ret, deadline_us, what, err);
        return code && atomic_load(stop)
                       ? error_set(err, ERROR_UNAVAILABLE, "could not %s: told to stop", what)
                       : code;
}

static ErrorCode prepare_once(PGconn *conn, const char *name, const char *sql,
                              const PgParamView *view, int64_t deadline_us, const char *what,
                              Error *err)
{
        ErrorCode code;

        if (!PQsendPrepare(conn, name, sql, view->n, view->types))
                return pg_error_from_conn(err, conn, what);
        code = pg_flush(conn, deadline_us, what, err);
        return code ? code : pg_receive(conn, NULL, deadline_us, what, err);
}

static ErrorCode deallocate(PGconn *conn, const char *name, int64_t deadline_us, const char *what,
                            Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        char *quoted = PQescapeIdentifier(conn, name, strlen(name));

        if (!quoted)
                return pg_error_from_conn(err, conn, what);
        buffer_printf(&sql, "DEALLOCATE %s", quoted);
        PQfreemem(quoted);
        return pg_exec(conn, buffer_text(&sql), NULL, NULL, deadline_us, what, err);
}

static ErrorCode prepare(PGconn *conn, const char *name, const char *sql, const PgParamView *view,
                         int64_t deadline_us, const char *what, Error *err)
{
        Error error = ERROR_INIT;
        ErrorCode code;

        if (pg_prepared_count(conn) == PG_PREPARED_MAX) {
                code = pg_exec(conn, "DEALLOCATE ALL", NULL, NULL, deadline_us, what, err);
                if (code)
                        return code;
                pg_prepared_forget_all(conn);
        }
        code = prepare_once(conn, name, sql, view, deadline_us, what, &error);
        if (code && strcmp(error.sqlstate, STATE_STATEMENT_EXISTS) == 0 &&
            PQtransactionStatus(conn) == PQTRANS_IDLE) {
                /* forgotten here, not there */
                code = deallocate(conn, name, deadline_us, what, err);
                if (code)
                        return code;
                code = prepare_once(conn, name, sql, view, deadline_us, what, &error);
        }
        if (!code)
                pg_prepared_add(conn, name, sql);
        else if (err)
                *err = error;
        return code;
}

static ErrorCode ensure_prepared(PGconn *conn, const char *name, const char *sql,
                                 const PgParamView *view, int64_t deadline_us, const char *what,
                                 Error *err)
{
        assert(PQpipelineStatus(conn) == PQ_PIPELINE_OFF);

        return pg_prepared_has(conn, name, sql)
                       ? ERROR_NONE
                       : prepare(conn, name, sql, view, deadline_us, what, err);
}

ErrorCode pg_send_prepared(PGconn *conn, const char *name, const char *sql, PgParams *params,
                           int64_t deadline_us, const char *what, Error *err)
{
        PgParamView view = pg_params_view(params);
        ErrorCode code = ensure_prepared(conn, name, sql, &view, deadline_us, what, err);

        if (code)
                return code;
        if (!PQsendQueryPrepared(conn, name, view.n, view.values, view.lengths, view.formats,
                                 view.result_format))
                return pg_error_from_conn(err, conn, what);
        return pg_flush(conn, deadline_us, what, err);
}

/* NOLINTNEXTLINE(readability-function-size): a statement is a name and a text */
ErrorCode pg_exec_prepared(PGconn *conn, const char *name, const char *sql, PgParams *params,
                           PGresult **ret, int64_t deadline_us, const char *what, Error *err)
{
        ErrorCode code;

        code = pg_send_prepared(conn, name, sql, params, deadline_us, what, err);
        if (code)
                return code;
        code = pg_receive(conn, ret, deadline_us, what, err);
        if (!code || pg_prepared_has(conn, name, sql) || PQtransactionStatus(conn) != PQTRANS_IDLE)
                return code;

        /* The statement did not run: the session had lost it, or its plan was out of date. */
        if (err)
                *err = ERROR_INIT;
        code = pg_send_prepared(conn, name, sql, params, deadline_us, what, err);
        return code ? code : pg_receive(conn, ret, deadline_us, what, err);
}

/* Both results, and the end of the pipeline. */
static ErrorCode receive_pipeline(PGconn *conn, int64_t deadline_us, const char *what, Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (bool ended = false; !ended;) {
                _cleanup_(PQclearp) PGresult *res = NULL;

                if (pg_next_result(conn, &res, deadline_us, what, err))
                        return ERROR_UNAVAILABLE;
                ended = PQresultStatus(res) == PGRES_PIPELINE_SYNC;
                /* Between the results there is nothing, and behind a failure they are its consequence. */
                if (res && !ended && !code)
                        code = pg_error_from_result(err, conn, res, what);
                if (PQstatus(conn) != CONNECTION_OK)
                        return code ? code : pg_error_from_conn(err, conn, what);
        }
        return code;
}

/* NOLINTNEXTLINE(readability-function-size): a statement is a name and a text */
ErrorCode pg_commit_prepared(PGconn *conn, const char *name, const char *sql, PgParams *params,
                             int64_t deadline_us, const char *what, Error *err)
{
        PgParamView view = pg_params_view(params);
        ErrorCode code = ensure_prepared(conn, name, sql, &view, deadline_us, what, err);

        if (code)
                return code;
        if (!PQenterPipelineMode(conn) ||
            !PQsendQueryPrepared(conn, name, view.n, view.values, view.lengths, view.formats,
                                 view.result_format) ||
            !PQsendQueryParams(conn, "COMMIT", 0, NULL, NULL, NULL, NULL, 0) ||
            !PQpipelineSync(conn)) {
                code = pg_error_from_conn(err, conn, what);
                pg_break(conn); /* there is no telling what was sent */
                return code;
        }
        code = pg_flush(conn, deadline_us, what, err);
        if (!code)
                code = receive_pipeline(conn, deadline_us, what, err);
        (void)PQexitPipelineMode(conn);
        return code;
}
