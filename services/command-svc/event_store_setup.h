#pragma once

/*
 * event_store_setup.h — the log partitions of every aggregate type, made before the first append.
 */

#include <stdint.h>

#include "common/pg/pg_conn.h"

/* Make what is missing; never removes a partition. Return: ERROR_NONE, or as pg_exec(). */
_must_check_ ErrorCode event_store_setup(PGconn *conn, int partitions, int64_t deadline_us,
                                         Error *err);
