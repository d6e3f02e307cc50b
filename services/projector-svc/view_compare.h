#pragma once

/*
 * view_compare.h — whether two versions of a view say the same at one position of every log partition.
 */

#include "common/base/buffer.h"
#include "common/pg/pg_conn.h"
#include "view.h"

typedef struct Comparison {
        int64_t rows;                      /* of the live version */
        int64_t missing, extra, different; /* in the new one, against the live one */
        Buffer json; /* {"rows":…,"columns":[…],"missing":…,"extra":…,"different":…,"examples":{…}} */
} Comparison;

#define COMPARISON_INIT ((Comparison){ .json = BUFFER_INIT })

void comparison_deinit(Comparison *comparison);
bool comparison_is_equal(const Comparison *comparison);

/**
 * view_compare() - compare all rows over the columns that both versions have
 * @conn:          in a transaction whose snapshot shows both at one position
 * @examples_max:  ids of each kind in the report
 *
 * Counts and sums of hashes first, row by row only when these differ. Columns of the same name and another
 * type are no common ones. The last changes' sequences count when both were made from the same schema.
 *
 * Return: ERROR_NONE, or as pg_exec().
 */
_must_check_ ErrorCode view_compare(PGconn *conn, const View *live, const View *built,
                                    int64_t examples_max, Comparison *ret, int64_t deadline_us,
                                    Error *err);
