#include "common/store/store.h"

#include <stdlib.h>
#include <string.h>

#include "common/pg/pg_params.h"
#include "common/pg/pg_result.h"
#include "common/store/event_selection.h"
#include "read_aggregate.sql.h"
#include "read_heads.sql.h"
#include "read_log.sql.h"
#include "read_selection.sql.h"
#include "read_stream.sql.h"

#define SELECTION_POSITIONS 20000 /* looked at by one statement */

static JsonSpan span(const PGresult *res, int row, int column)
{
        return (JsonSpan){ PQgetvalue(res, row, column), (size_t)PQgetlength(res, row, column) };
}

void event_batch_free(EventBatch *batch)
{
        if (!batch)
                return;
        free(batch->events);
        free(batch->aggregate_type);
        PQclear(batch->owner);
        free(batch);
}

static Event read_event(const PGresult *res, int row, const char *aggregate_type)
{
        return (Event){
                .id = pg_result_uuid(res, row, 0),
                .type = PQgetvalue(res, row, 1),
                .version = (int)pg_result_int(res, row, 2),
                .aggregate_type = aggregate_type,
                .aggregate_id = PQgetvalue(res, row, 3),
                .sequence = pg_result_int(res, row, 4),
                .data = span(res, row, 5),
                .metadata = span(res, row, 6),
                .correlation_id = PQgetvalue(res, row, 7),
                .timestamp_us = pg_result_time_us(res, row, 8),
                .partition = (int32_t)pg_result_int(res, row, 9),
                .position = pg_result_int(res, row, 10),
        };
}

/* Whether it may have ended at one of the limits, and not with the events. */
static bool is_cut(const EventBatch *batch, int limit, int64_t bytes_max)
{
        int64_t bytes = 0;

        for (size_t i = 0; i < batch->n_events; i++)
                bytes += (int64_t)(batch->events[i].data.size + batch->events[i].metadata.size);
        return batch->n_events >= (size_t)limit || bytes >= bytes_max;
}

/* The events from row @first on. */
static ErrorCode make_batch(PGresult **owner, int first, const char *aggregate_type,
                            EventBatch **ret, Error *err)
{
        _cleanup_(event_batch_freep) EventBatch *batch = calloc(1, sizeof *batch);
        int n = PQntuples(*owner) - first;

        if (!batch || !(batch->events = calloc((size_t)n + 1, sizeof *batch->events)) ||
            !(batch->aggregate_type = strdup(aggregate_type)))
                return error_no_memory(err);
        for (int i = 0; i < n; i++)
                batch->events[i] = read_event(*owner, first + i, batch->aggregate_type);
        batch->n_events = (size_t)n;
        batch->owner = TAKE_PTR(*owner);
        *ret = TAKE_PTR(batch);
        return ERROR_NONE;
}

/* NOLINTNEXTLINE(readability-function-size): where, how much, and the answer */
ErrorCode store_read_log(PGconn *conn, const char *aggregate_type, int32_t partition, int64_t after,
                         int limit, EventBatch **ret, int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, aggregate_type);
        pg_params_int32(params, partition);
        pg_params_int64(params, after);
        pg_params_int32(params, limit);
        pg_params_int64(params, STORE_PAGE_BYTES);
        pg_params_binary_result(params);
        code = pg_exec_prepared(conn, "read_log", sql_read_log, params, &res, deadline_us,
                                "read events", err);
        if (!code)
                code = make_batch(&res, 0, aggregate_type, ret, err);
        if (!code)
                (*ret)->more = is_cut(*ret, limit, STORE_PAGE_BYTES);
        return code;
}

/* NOLINTNEXTLINE(readability-function-size): the same */
static ErrorCode read_stream(PGconn *conn, const char *aggregate_type, const char *aggregate_id,
                             int64_t after, int limit, int64_t bytes_max, EventBatch **ret,
                             int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, aggregate_type);
        pg_params_text(params, aggregate_id);
        pg_params_int64(params, after);
        pg_params_int32(params, limit);
        pg_params_int64(params, bytes_max);
        pg_params_binary_result(params);
        code = pg_exec_prepared(conn, "read_stream", sql_read_stream, params, &res, deadline_us,
                                "read a stream", err);
        if (!code)
                code = make_batch(&res, 0, aggregate_type, ret, err);
        if (!code)
                (*ret)->more = is_cut(*ret, limit, bytes_max);
        return code;
}

/* NOLINTNEXTLINE(readability-function-size): the same */
ErrorCode store_read_stream(PGconn *conn, const char *aggregate_type, const char *aggregate_id,
                            int64_t after, int limit, EventBatch **ret, int64_t deadline_us,
                            Error *err)
{
        return read_stream(conn, aggregate_type, aggregate_id, after, limit, STORE_PAGE_BYTES, ret,
                           deadline_us, err);
}

/* NOLINTNEXTLINE(readability-function-size): the same */
ErrorCode store_read_whole(PGconn *conn, const char *aggregate_type, const char *aggregate_id,
                           int64_t after, int limit, EventBatch **ret, int64_t deadline_us,
                           Error *err)
{
        return read_stream(conn, aggregate_type, aggregate_id, after, limit, INT64_MAX, ret,
                           deadline_us, err);
}

void aggregate_page_deinit(AggregatePage *page)
{
        event_batch_free(page->events);
        *page = (AggregatePage){ .events = NULL };
}

bool stored_snapshot_usable(const StoredSnapshot *snapshot, const AggregateRead *read)
{
        return snapshot->version > 0 && snapshot->state_version == read->state_version &&
               snapshot->partition >= 0;
}

static StoredSnapshot read_snapshot(const PGresult *res)
{
        return (StoredSnapshot){
                .version = pg_result_int(res, 0, 4),
                .state_version = (int)pg_result_int(res, 0, 2),
                .partition = PQgetisnull(res, 0, 9) ? -1 : (int32_t)pg_result_int(res, 0, 9),
                .state = span(res, 0, 5),
        };
}

ErrorCode store_read_aggregate(PGconn *conn, const AggregateRead *read, AggregatePage *ret,
                               int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        AggregatePage page = { .last = false };
        bool has_snapshot;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, read->aggregate_type);
        pg_params_text(params, read->aggregate_id);
        pg_params_int64(params, read->after);
        pg_params_int32(params, read->state_version);
        pg_params_int32(params, read->events_max);
        pg_params_int64(params, read->bytes_max);
        pg_params_binary_result(params);
        code = pg_exec_prepared(conn, "read_aggregate", sql_read_aggregate, params, &res,
                                deadline_us, "read an aggregate", err);
        if (code)
                return code;
        has_snapshot = PQntuples(res) > 0 && PQgetisnull(res, 0, 0);
        if (has_snapshot)
                page.snapshot = read_snapshot(res);
        code = make_batch(&res, has_snapshot, read->aggregate_type, &page.events, err);
        if (code)
                return code;
        page.events->more = is_cut(page.events, read->events_max, read->bytes_max);
        page.last = !page.events->more;
        *ret = page;
        return ERROR_NONE;
}

/* NOLINTNEXTLINE(readability-function-size): the same */
ErrorCode store_read_selection(PGconn *conn, const EventSelection *selection, int32_t partition,
                               int64_t *after, int64_t until, int limit, EventBatch **ret,
                               int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, selection->aggregate_type);
        pg_params_int32(params, partition);
        pg_params_int64(params, *after);
        pg_params_int64(params, until);
        pg_params_int64(params, SELECTION_POSITIONS);
        pg_params_int32(params, limit);
        pg_params_int64(params, STORE_PAGE_BYTES);
        pg_params_text(params, selection->aggregate_id);
        pg_params_text(params, selection->event_type);
        pg_params_text(params, selection->since);
        pg_params_text(params, selection->before);
        pg_params_binary_result(params);
        code = pg_exec_prepared(conn, "read_selection", sql_read_selection, params, &res,
                                deadline_us, "read events", err);
        if (!code)
                code = make_batch(&res, 0, selection->aggregate_type, ret, err);
        if (code)
                return code;
        (*ret)->more = is_cut(*ret, limit, STORE_PAGE_BYTES);
        if ((*ret)->more)
                *after = (*ret)->events[(*ret)->n_events - 1].position;
        else
                *after =
                        until - *after > SELECTION_POSITIONS ? *after + SELECTION_POSITIONS : until;
        return ERROR_NONE;
}

ErrorCode store_read_heads(PGconn *conn, const char *aggregate_type, LogHead **ret, size_t *ret_n,
                           int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        LogHead *heads;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, aggregate_type);
        pg_params_binary_result(params);
        code = pg_exec_prepared(conn, "read_heads", sql_read_heads, params, &res, deadline_us,
                                "read log heads", err);
        if (code)
                return code;
        heads = calloc((size_t)PQntuples(res) + 1, sizeof *heads);
        if (!heads)
                return error_no_memory(err);
        for (int i = 0; i < PQntuples(res); i++)
                heads[i] = (LogHead){
                        .partition = (int32_t)pg_result_int(res, i, 0),
                        .last_position = pg_result_int(res, i, 1),
                        .published = pg_result_int(res, i, 2),
                };
        *ret = heads;
        *ret_n = (size_t)PQntuples(res);
        return ERROR_NONE;
}
