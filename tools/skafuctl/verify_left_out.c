#include "verify_left_out.h"

#include <stdlib.h>
#include <string.h>

#include "common/pg/pg_params.h"
#include "verify_dropped.sql.h"
#include "verify_parked.sql.h"

void verify_left_out_deinit(VerifyLeftOut *left_out)
{
        PQclear(left_out->parked);
        PQclear(left_out->dropped);
}

ErrorCode verify_left_out_load(VerifyLeftOut *ret, PGconn *conn, const char *view, int version,
                               int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, view);
        pg_params_int32(params, version);
        code = pg_exec(conn, sql_verify_parked, params, &ret->parked, deadline_us,
                       "look what is parked", err);
        return code ? code
                    : pg_exec(conn, sql_verify_dropped, params, &ret->dropped, deadline_us,
                              "look what was dropped", err);
}

static int64_t number(const PGresult *res, int row, int column)
{
        return strtoll(PQgetvalue(res, row, column), NULL, 10);
}

static int compare_numbers(int64_t a, int64_t b)
{
        return (a > b) - (a < b);
}

static int compare_aggregate(const PGresult *res, int row, const Event *event)
{
        int order = strcmp(PQgetvalue(res, row, 0), event->aggregate_type);

        return order ? order : strcmp(PQgetvalue(res, row, 1), event->aggregate_id);
}

static int compare_position(const PGresult *res, int row, const Event *event)
{
        int order = strcmp(PQgetvalue(res, row, 0), event->aggregate_type);

        if (!order)
                order = compare_numbers(number(res, row, 1), event->partition);
        return order ? order : compare_numbers(number(res, row, 2), event->position);
}

/* The row of a sorted result that belongs to @event; -1: none does. */
static int find(const PGresult *res, const Event *event,
                int (*compare)(const PGresult *res, int row, const Event *event))
{
        int low = 0, high = PQntuples(res);

        while (low < high) {
                int middle = low + (high - low) / 2, order = compare(res, middle, event);

                if (order == 0)
                        return middle;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return -1;
}

bool verify_left_out_has(const VerifyLeftOut *left_out, const Event *event)
{
        int row = find(left_out->parked, event, compare_aggregate);

        return (row >= 0 && event->sequence >= number(left_out->parked, row, 2)) ||
               find(left_out->dropped, event, compare_position) >= 0;
}
