#pragma once

/*
 * verify_left_out.h — the events that a version of a view does not show, and says so: held by parked aggregates, or dropped.
 */

#include "common/event/event.h"
#include "common/pg/pg_conn.h"

typedef struct VerifyLeftOut {
        PGresult *parked;  /* by aggregate type and id: the first event that is held */
        PGresult *dropped; /* by aggregate type, partition, position */
} VerifyLeftOut;

void verify_left_out_deinit(VerifyLeftOut *left_out);

/* Of one version of @view. Return: ERROR_NONE, or as pg_exec(). */
_must_check_ ErrorCode verify_left_out_load(VerifyLeftOut *ret, PGconn *conn, const char *view,
                                            int version, int64_t deadline_us, Error *err);

bool verify_left_out_has(const VerifyLeftOut *left_out, const Event *event);
