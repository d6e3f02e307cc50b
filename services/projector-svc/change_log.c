#include "change_log.h"

#include <string.h>

#include "change_log_join.sql.h"
#include "change_log_open.sql.h"
#include "change_log_stop.sql.h"
#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "common/pg/pg_params.h"

#define RESET_TIMEOUT_US (3600 * US_PER_SEC) /* it copies the whole view */

static ErrorCode join(PGconn *conn, const View *view, PgParams *params, int64_t deadline_us,
                      Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        pg_params_text(params, view->model->view);
        pg_params_bool(params, view->with_changes);
        code = pg_exec(conn, sql_change_log_join, params, &res, deadline_us,
                       "join the writers of a view", err);
        if (code)
                return code;
        if (PQntuples(res) == 1 && PQgetvalue(res, 0, 0)[0] == 't')
                return ERROR_NONE;
        return error_set(err, ERROR_UNAVAILABLE,
                         "another instance writes view \"%s\" with change_feed = %s, and this one "
                         "has %s: it waits until all have the same",
                         view->model->view, view->with_changes ? "false" : "true",
                         view->with_changes ? "true" : "false");
}

ErrorCode change_log_stop(PGconn *conn, const char *view, int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, view);
        code = pg_exec(conn, sql_change_log_stop, params, NULL, deadline_us, "end a change feed",
                       err);
        return code == ERROR_UNAVAILABLE && strcmp(err->sqlstate, "55P03") == 0
                       ? error_set(err, ERROR_CONFLICT,
                                   "the change feed of view \"%s\" begins anew now", view)
                       : code;
}

ErrorCode change_log_open(PGconn *conn, const View *view, const atomic_bool *stop,
                          int64_t deadline_us, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        code = join(conn, view, params, deadline_us, err);
        if (code)
                return code;
        pg_params_clear(params);
        pg_params_text(params, view->model->view);
        if (!view->with_changes)
                return change_log_stop(conn, view->model->view, deadline_us, err);
        code = pg_exec_stoppable(conn, sql_change_log_open, params, &res, stop,
                                 clock_monotonic_us() + RESET_TIMEOUT_US, "open a change feed",
                                 err);
        if (!code && PQgetvalue(res, 0, 0)[0] != '0')
                log_info("change-feed-reset", "%s: the change feed begins anew, with %s changes",
                         view->model->view, PQgetvalue(res, 0, 0));
        return code;
}
