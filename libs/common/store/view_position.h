#pragma once

/*
 * view_position.h — whether views have applied what a consistency token names.
 */

#include "common/event/token.h"
#include "common/pg/pg_pool.h"

#define VIEW_NAMES_MAX 32

typedef struct ViewNames {
        const char *names[VIEW_NAMES_MAX]; /* borrowed */
        size_t n_names;
} ViewNames;

/* Add a name, once; what does not fit is a caller's mistake (asserted). */
void view_names_add(ViewNames *views, const char *name);

/**
 * store_await_views() - until all of @views show @token's change, or @deadline_us
 * @ret_reached:  false when time ran out
 *
 * A view that holds the change back, since its aggregate is parked, does not show it.
 * Looks again and again, with growing pauses, and holds no connection in between. Each of @views must be one
 * that events of the token's aggregate type feed: one that has not begun with its log partition, or has not
 * been built, is not there yet. Thread: any that may block.
 *
 * Return: ERROR_NONE, or as pg_pool_lease() and pg_exec().
 */
_must_check_ ErrorCode store_await_views(PgPool *pool, const ViewNames *views, const Token *token,
                                         bool *ret_reached, int64_t deadline_us, Error *err);
