#pragma once

/*
 * result_table.h — a statement's rows as a table for people, or as JSON for machines.
 *
 * The statement names its columns as JSON has them ("aggregateType").
 */

#include <libpq-fe.h>
#include <stdbool.h>

#include "common/base/buffer.h"

/* Append @res, a text result, as an array of objects; NULL as null. */
void result_table_json(Buffer *buffer, const PGresult *res);

/* Print @res on standard output, one way or the other. @empty: what people read when there are no rows. */
void result_table_print(const PGresult *res, bool json, const char *empty);
