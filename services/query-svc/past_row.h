#pragma once

/*
 * past_row.h — a row as it was: the events of its aggregate, folded up to then by the projections that make
 * the view.
 *
 * Whoever may see the row today may see what it was, as with the audit trail; group Admin also sees what is
 * no longer shown, where the row has the id of its aggregate.
 */

#include "common/pg/pg_conn.h"
#include "read_request.h"

/**
 * past_row_read() - the row that @request names, as of request->as_of
 * @ret_json:  appended: the row as a read of today would answer it
 *
 * Return: ERROR_NONE; ERROR_NOT_FOUND when there is no such row to be seen, or was none then;
 *         ERROR_TOO_LARGE when more events than as_of_events_max would have to be folded; as pg_exec().
 */
_must_check_ ErrorCode past_row_read(PGconn *conn, const ReadRequest *request, Buffer *ret_json,
                                     int64_t deadline_us, Error *err);
