#include "view_wait.h"

#include <string.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/event/token.h"
#include "common/pg/pg_params.h"
#include "views_reached.sql.h"

#define LOOK_FIRST_US (2 * US_PER_MS)
#define LOOK_MAX_US   (50 * US_PER_MS)
#define TOKENS_MAX    256

/* The row itself, what is embedded, and what decides whether it may be seen. */
static void add_views(PgParams *params, int array, const ReadRequest *request)
{
        pg_array_text(params, array, request->model->view);
        if (request->model->auth_from)
                pg_array_text(params, array, request->model->auth_from->view);
        for (size_t i = 0; i < request->n_includes; i++) {
                const Model *related = request->includes[i]->related;

                pg_array_text(params, array, related->view);
                if (related->auth_from)
                        pg_array_text(params, array, related->auth_from->view);
        }
}

static ErrorCode reached(PgPool *pool, const ReadRequest *request, const Token *token, bool *ret,
                         int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        add_views(params, pg_params_array(params, PG_ARRAY_TEXT), request);
        pg_params_text(params, token->aggregate_type);
        pg_params_int32(params, token->partition);
        pg_params_int64(params, token->position);
        code = pg_pool_lease(pool, &lease, deadline_us, err);
        if (!code)
                code = pg_exec_prepared(pg_lease_conn(lease), "views_reached", sql_views_reached,
                                        params, &res, deadline_us, "look how far views are", err);
        if (!code)
                *ret = PQgetvalue(res, 0, 0)[0] == 't';
        return code;
}

static ErrorCode wait_for(PgPool *pool, const ReadRequest *request, const Token *token,
                          int64_t deadline_us, Error *err)
{
        Backoff look = BACKOFF_INIT(LOOK_FIRST_US, LOOK_MAX_US);
        bool done = false;

        for (;;) {
                ErrorCode code =
                        reached(pool, request, token, &done,
                                clock_monotonic_us() + request->config->read_timeout_ms * US_PER_MS,
                                err);

                if (code || done)
                        return code;
                if (clock_monotonic_us() >= deadline_us)
                        return error_set_field(err, ERROR_UNAVAILABLE, "X-Consistency-Token",
                                               "the view does not show this change yet; ask again");
                clock_wait_us(backoff_next_us(&look));
        }
}

ErrorCode view_wait(PgPool *pool, const ReadRequest *request, Error *err)
{
        _cleanup_(freep) char *copy = request->after ? strdup(request->after) : NULL;
        char *rest = copy, *item;
        int64_t deadline_us = clock_monotonic_us() + request->config->read_wait_ms * US_PER_MS;
        size_t n = 0;
        ErrorCode code = ERROR_NONE;

        while (!code && (item = rest ? strsep(&rest, ",") : NULL)) {
                Token token;

                if (++n > TOKENS_MAX)
                        return error_set_field(err, ERROR_MALFORMED, "X-Consistency-Token",
                                               "more than %d tokens", TOKENS_MAX);
                code = token_parse(item, &token, err);
                if (!code)
                        code = wait_for(pool, request, &token, deadline_us, err);
        }
        return code;
}
