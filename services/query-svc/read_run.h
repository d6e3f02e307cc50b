#pragma once

/*
 * read_run.h — a read carried out: the statement run, and run again while its views are behind.
 */

#include "common/pg/pg_pool.h"
#include "read_request.h"

/**
 * read_run() - the rows that @request asks for
 * @ret:  see read_statement.h
 *
 * Waits for the request's tokens, at most read_wait_ms, and holds no connection meanwhile.
 * Thread: an HTTP thread.
 *
 * Return: ERROR_NONE; ERROR_UNAVAILABLE (the database, a view that has not been built, or one that is
 *         still behind); or as pg_exec().
 */
_must_check_ ErrorCode read_run(PgPool *pool, const ReadRequest *request, PGresult **ret,
                                Error *err);

/* Turn "there is no such table" into what it means here: the projector has not built the view yet. */
ErrorCode read_fault(ErrorCode code, const Model *model, Error *err);
