#include "read_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/pg/pg_params.h"
#include "read_statement.h"

#define LOOK_FIRST_US        (2 * US_PER_MS)
#define LOOK_MAX_US          (50 * US_PER_MS)

#define NAME_SIZE            48

#define STATE_UNKNOWN_COLUMN "42703"

/* A view that is not there. */
static const char *const not_built[] = { "42P01", "3F000" };

ErrorCode read_fault(ErrorCode code, const Model *model, Error *err)
{
        if (code != ERROR_INTERNAL)
                return code;
        if (strcmp(err->sqlstate, STATE_UNKNOWN_COLUMN) == 0)
                return error_set(
                        err, ERROR_UNAVAILABLE,
                        "view \"%s\", or one that it needs, does not have every field that "
                        "was asked for: it is being built from this schema.graphql, or from "
                        "a newer one",
                        model->view);
        for (size_t i = 0; i < ARRAY_SIZE(not_built); i++)
                if (strcmp(err->sqlstate, not_built[i]) == 0)
                        return error_set(
                                err, ERROR_UNAVAILABLE,
                                "view \"%s\", or one that it needs, has not been built yet: "
                                "projector-svc makes it",
                                model->view);
        return code;
}

/* The same question has the same text, whoever asks: values are parameters. */
static void name_statement(const SqlText *sql, char ret[NAME_SIZE])
{
        uint8_t digest[HASH_SHA256_SIZE];
        size_t size = (size_t)snprintf(ret, NAME_SIZE, "read_");

        hash_sha256(sql->text.data, sql->text.size, digest);
        for (size_t i = 0; i < 16; i++)
                size += (size_t)snprintf(ret + size, NAME_SIZE - size, "%02x", (unsigned)digest[i]);
}

static ErrorCode run_once(PgPool *pool, const ReadRequest *request, const SqlText *sql,
                          PGresult **ret, Error *err)
{
        int64_t deadline_us = clock_monotonic_us() + request->config->read_timeout_ms * US_PER_MS;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        char name[NAME_SIZE];
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        for (size_t i = 0; i < sql->n_params; i++)
                pg_params_text(params, sql->params[i]);
        name_statement(sql, name);
        code = pg_pool_lease(pool, &lease, deadline_us, err);
        if (!code)
                code = pg_exec_prepared(pg_lease_conn(lease), name, sql->text.data, params, ret,
                                        deadline_us, "read", err);
        return read_fault(code, request->model, err);
}

ErrorCode read_run(PgPool *pool, const ReadRequest *request, PGresult **ret, Error *err)
{
        int64_t until_us = clock_monotonic_us() + request->config->read_wait_ms * US_PER_MS;
        _cleanup_(sql_text_deinit) SqlText sql = SQL_TEXT_INIT;
        Backoff pause = BACKOFF_INIT(LOOK_FIRST_US, LOOK_MAX_US);

        read_statement(&sql, request);
        for (;;) {
                _cleanup_(PQclearp) PGresult *res = NULL;
                ErrorCode code = run_once(pool, request, &sql, &res, err);

                if (code)
                        return code;
                if (PQgetvalue(res, 0, READ_COLUMN_REACHED)[0] == 't') {
                        *ret = TAKE_PTR(res);
                        return ERROR_NONE;
                }
                if (clock_monotonic_us() >= until_us)
                        return error_set_field(
                                err, ERROR_UNAVAILABLE, "X-Consistency-Token",
                                "view \"%s\", or one that it needs, does not show this "
                                "change after %" PRId64 " ms: ask again",
                                request->model->view, request->config->read_wait_ms);
                clock_wait_us(backoff_next_us(&pause));
        }
}
