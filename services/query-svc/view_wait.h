#pragma once

/*
 * view_wait.h — waits until views have applied what consistency tokens name.
 */

#include "common/pg/pg_pool.h"
#include "read_request.h"

/**
 * view_wait() - until every view that @request reads is at or past request->after
 *
 * A view that no event of the token's aggregate type feeds does not count. Holds no connection while it waits.
 * Thread: an HTTP thread.
 *
 * Return: ERROR_NONE; ERROR_MALFORMED (not a token); ERROR_UNAVAILABLE (not there in time).
 */
_must_check_ ErrorCode view_wait(PgPool *pool, const ReadRequest *request, Error *err);
