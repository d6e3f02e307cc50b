#include "append_call.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pg/pg_params.h"

#define TIMEOUT_US (60 * US_PER_SEC)

enum {
        COMMAND_ID,
        DIGEST,
        COMMAND_TYPE,
        AGGREGATE_TYPE,
        AGGREGATE_ID,
        PARTITION,
        EXPECTED_VERSION,
        EVENT_COUNT,
        STATUS,
        PROBLEM,
        RECEIVED_AT,
        VALIDATED,
        DECIDED,
        ACTOR,
        EVENT_ID,
        EVENT_TYPE,
        EVENT_VERSION,
        EVENT_DATA,
        METADATA,
        CORRELATION_ID,
        N_ARRAYS,
};

static const PgArrayKind kinds[N_ARRAYS] = {
        [COMMAND_ID] = PG_ARRAY_UUID,       [DIGEST] = PG_ARRAY_BYTEA,
        [COMMAND_TYPE] = PG_ARRAY_TEXT,     [AGGREGATE_TYPE] = PG_ARRAY_TEXT,
        [AGGREGATE_ID] = PG_ARRAY_TEXT,     [PARTITION] = PG_ARRAY_INT4,
        [EXPECTED_VERSION] = PG_ARRAY_INT8, [EVENT_COUNT] = PG_ARRAY_INT4,
        [STATUS] = PG_ARRAY_INT2,           [PROBLEM] = PG_ARRAY_TEXT,
        [RECEIVED_AT] = PG_ARRAY_INT8,      [VALIDATED] = PG_ARRAY_INT4,
        [DECIDED] = PG_ARRAY_INT4,          [ACTOR] = PG_ARRAY_TEXT,
        [EVENT_ID] = PG_ARRAY_UUID,         [EVENT_TYPE] = PG_ARRAY_TEXT,
        [EVENT_VERSION] = PG_ARRAY_INT4,    [EVENT_DATA] = PG_ARRAY_TEXT,
        [METADATA] = PG_ARRAY_TEXT,         [CORRELATION_ID] = PG_ARRAY_TEXT,
};

static void add_row(PgParams *params, const AppendRow *row)
{
        Uuid id = uuid_from_name(row->key, strlen(row->key));
        const char *digest = row->digest ? row->digest : row->key;

        pg_array_uuid(params, COMMAND_ID, &id);
        pg_array_bytes(params, DIGEST, digest, strlen(digest));
        pg_array_text(params, COMMAND_TYPE, "Test");
        pg_array_text(params, AGGREGATE_TYPE, row->type ? row->type : "metric");
        pg_array_text(params, AGGREGATE_ID, row->id);
        pg_array_int(params, PARTITION, row->partition);
        pg_array_int(params, EXPECTED_VERSION, row->expected);
        pg_array_int(params, EVENT_COUNT, row->events);
        pg_array_int(params, STATUS, row->problem ? 422 : 201);
        pg_array_text(params, PROBLEM, row->problem);
        pg_array_int(params, RECEIVED_AT, clock_now_us());
        pg_array_int(params, VALIDATED, 10);
        pg_array_int(params, DECIDED, 20);
        pg_array_text(params, ACTOR, "test");
        for (int i = 0; i < row->events; i++) {
                Uuid event_id = uuid_new();

                pg_array_uuid(params, EVENT_ID, &event_id);
                pg_array_text(params, EVENT_TYPE, "Tested");
                pg_array_int(params, EVENT_VERSION, 1);
                pg_array_text(params, EVENT_DATA, row->data ? row->data : "{}");
                pg_array_text(params, METADATA, row->key);
                pg_array_text(params, CORRELATION_ID, "test");
        }
}

static int64_t result_int(const PGresult *res, int row, int column)
{
        return PQgetisnull(res, row, column) ? 0 : strtoll(PQgetvalue(res, row, column), NULL, 10);
}

ErrorCode append_try(PGconn *conn, const AppendRow *rows, size_t n, AppendAnswer *ret, Error *err)
{
        static const char sql[] =
                "SELECT * FROM event_store.append($1, $2, $3, $4, $5, $6, $7, $8, $9, "
                "$10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        for (int i = 0; i < N_ARRAYS; i++)
                ck_assert_int_eq(pg_params_array(params, kinds[i]), i);
        for (size_t i = 0; i < n; i++)
                add_row(params, &rows[i]);
        code = pg_exec_prepared(conn, "append", sql, params, &res,
                                clock_monotonic_us() + TIMEOUT_US, "append", err);
        if (code)
                return code;
        ck_assert_int_eq(PQntuples(res), (int)n);
        for (int i = 0; i < (int)n; i++) {
                ck_assert_int_eq(result_int(res, i, 0), i + 1);
                ret[i] = (AppendAnswer){
                        .outcome = (Outcome)result_int(res, i, 1),
                        .version = result_int(res, i, 2),
                        .partition = (int)result_int(res, i, 3),
                        .first_position = result_int(res, i, 4),
                        .stored_at_us = result_int(res, i, 5),
                };
        }
        return ERROR_NONE;
}

void append_call(PGconn *conn, const AppendRow *rows, size_t n, AppendAnswer *ret)
{
        Error err = ERROR_INIT;

        ck_assert_msg(append_try(conn, rows, n, ret, &err) == ERROR_NONE, "%s", err.message);
}

int64_t query_int(PGconn *conn, const char *sql)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        Error err = ERROR_INIT;

        ck_assert_msg(pg_exec(conn, sql, NULL, &res, clock_monotonic_us() + TIMEOUT_US, "query",
                              &err) == ERROR_NONE,
                      "%s: %s", sql, err.message);
        ck_assert_int_ge(PQntuples(res), 1);
        return result_int(res, 0, 0);
}

void append_make_logs(PGconn *conn, const char *type, int partitions)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        Error err = ERROR_INIT;

        pg_params_text(params, type);
        pg_params_int32(params, partitions);
        ck_assert_msg(pg_exec(conn, "SELECT event_store.ensure_logs($1, $2)", params, NULL,
                              clock_monotonic_us() + TIMEOUT_US, "make logs", &err) == ERROR_NONE,
                      "%s", err.message);
}
