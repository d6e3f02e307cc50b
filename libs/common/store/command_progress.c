#include "common/store/command_progress.h"

#include <stdlib.h>
#include <string.h>

#include "command_progress.sql.h"
#include "command_views.sql.h"
#include "common/pg/pg_params.h"
#include "common/pg/pg_result.h"

void command_progress_free(CommandProgress *progress)
{
        if (!progress)
                return;
        free(progress->correlation_id);
        free(progress->views);
        free(progress);
}

/* A mark is proof of its own: the note or checkpoint that came with it may be read a moment too early. */
static Reached reached(const PGresult *res, int row, int column, int time_column)
{
        int64_t at_us = pg_result_time_us(res, row, time_column);

        return (Reached){ .yes = at_us || *PQgetvalue(res, row, column), .at_us = at_us };
}

/* The checkpoint goes past what is parked or dropped. */
static Reached reached_view(const PGresult *res, int row)
{
        bool is_parked = *PQgetvalue(res, row, 1), is_dropped = *PQgetvalue(res, row, 2);

        if (is_parked || is_dropped)
                return (Reached){ .parked = is_parked, .dropped = is_dropped };
        return reached(res, row, 0, 3);
}

/* What is looked at. */
typedef struct Place {
        const char *aggregate_type;
        const char *aggregate_id;
        int64_t sequence;
} Place;

static ErrorCode read_views(PGconn *conn, const Place *place, const char *const *views,
                            size_t n_views, CommandProgress *progress, int64_t deadline_us,
                            Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;
        int array;

        progress->views = calloc(n_views + 1, sizeof *progress->views);
        if (!params || !progress->views)
                return error_no_memory(err);
        array = pg_params_array(params, PG_ARRAY_TEXT);
        for (size_t i = 0; i < n_views; i++)
                pg_array_text(params, array, views[i]);
        pg_params_text(params, place->aggregate_type);
        pg_params_int32(params, progress->partition);
        pg_params_int64(params, progress->position);
        pg_params_text(params, place->aggregate_id);
        pg_params_int64(params, place->sequence);
        pg_params_binary_result(params);
        code = pg_exec_prepared(conn, "command_views", sql_command_views, params, &res, deadline_us,
                                "look how far views are", err);
        for (int i = 0; !code && i < PQntuples(res) && (size_t)i < n_views; i++)
                progress->views[i] = reached_view(res, i);
        return code;
}

/* NOLINTNEXTLINE(readability-function-size): which event, which views, and the answer */
ErrorCode store_read_progress(PGconn *conn, const char *aggregate_type, const char *aggregate_id,
                              int64_t sequence, const char *const *views, size_t n_views,
                              CommandProgress **ret, int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(command_progress_freep) CommandProgress *progress = calloc(1, sizeof *progress);
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        if (!params || !progress)
                return error_no_memory(err);
        pg_params_text(params, aggregate_type);
        pg_params_text(params, aggregate_id);
        pg_params_int64(params, sequence);
        pg_params_binary_result(params);
        code = pg_exec_prepared(conn, "command_progress", sql_command_progress, params, &res,
                                deadline_us, "look how far a command is", err);
        if (code)
                return code;
        if (PQntuples(res) == 0)
                return error_set(err, ERROR_NOT_FOUND, "there is no such event");
        progress->partition = (int32_t)pg_result_int(res, 0, 0);
        progress->position = pg_result_int(res, 0, 1);
        progress->correlation_id = strdup(PQgetvalue(res, 0, 2));
        if (!progress->correlation_id)
                return error_no_memory(err);
        progress->published = reached(res, 0, 3, 4);
        code = read_views(conn, &(Place){ aggregate_type, aggregate_id, sequence }, views, n_views,
                          progress, deadline_us, err);
        if (!code)
                *ret = TAKE_PTR(progress);
        return code;
}
