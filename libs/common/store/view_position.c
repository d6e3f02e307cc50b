#include "common/store/view_position.h"

#include <assert.h>
#include <string.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/pg/pg_params.h"
#include "views_reached.sql.h"

#define LOOK_FIRST_US   (2 * US_PER_MS)
#define LOOK_MAX_US     (50 * US_PER_MS)
#define LOOK_TIMEOUT_US (5 * US_PER_SEC)

void view_names_add(ViewNames *views, const char *name)
{
        for (size_t i = 0; i < views->n_names; i++)
                if (strcmp(views->names[i], name) == 0)
                        return;
        assert(views->n_names < VIEW_NAMES_MAX);
        views->names[views->n_names++] = name;
}

static ErrorCode look(PgPool *pool, const ViewNames *views, const Token *token, bool *ret_reached,
                      Error *err)
{
        int64_t deadline_us = clock_monotonic_us() + LOOK_TIMEOUT_US;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;
        int array;

        if (!params)
                return error_no_memory(err);
        array = pg_params_array(params, PG_ARRAY_TEXT);
        for (size_t i = 0; i < views->n_names; i++)
                pg_array_text(params, array, views->names[i]);
        pg_params_text(params, token->aggregate_type);
        pg_params_int32(params, token->partition);
        pg_params_int64(params, token->position);
        code = pg_pool_lease(pool, &lease, deadline_us, err);
        if (!code)
                code = pg_exec_prepared(pg_lease_conn(lease), "views_reached", sql_views_reached,
                                        params, &res, deadline_us, "look how far views are", err);
        if (!code)
                *ret_reached = PQgetvalue(res, 0, 0)[0] == 't';
        return code;
}

ErrorCode store_await_views(PgPool *pool, const ViewNames *views, const Token *token,
                            bool *ret_reached, int64_t deadline_us, Error *err)
{
        Backoff pause = BACKOFF_INIT(LOOK_FIRST_US, LOOK_MAX_US);

        for (;;) {
                ErrorCode code = look(pool, views, token, ret_reached, err);

                if (code || *ret_reached || clock_monotonic_us() >= deadline_us)
                        return code;
                clock_wait_us(backoff_next_us(&pause));
        }
}
