#pragma once

/*
 * pg_result.h — values of a binary result (pg_params_binary_result()); the caller knows the columns.
 */

#include <libpq-fe.h>
#include <stdint.h>

#include "common/base/uuid.h"

/* An int2, int4 or int8; 0 when NULL. */
int64_t pg_result_int(const PGresult *res, int row, int column);

/* A timestamptz as microseconds since 1970; 0 when NULL. */
int64_t pg_result_time_us(const PGresult *res, int row, int column);

/* A uuid; all zero when NULL. */
Uuid pg_result_uuid(const PGresult *res, int row, int column);
