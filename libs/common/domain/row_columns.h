#pragma once

/*
 * row_columns.h — the columns of one model, and whether what a projection says fits them.
 */

#include "common/base/error.h"
#include "common/domain/row_changes.h"

typedef struct RowColumn {
        const char *name; /* a field of the model */
        const char
                *default_text; /* what ROW_PUT gives a field that it does not name; NULL is null */
        bool number;           /* of 32 bits: what ROW_ADD adds to */
} RowColumn;

typedef struct RowColumns {
        RowColumn *items; /* "id" first */
        size_t n;
        bool leaves_out; /* what is said of fields that are no columns, instead of refusing it */
        const char *left_out; /* the last such field; NULL when there was none */
} RowColumns;

#define ROW_COLUMN_UNKNOWN SIZE_MAX

/* Where the column is. Fields are named in about the order of the model: @begin behind the last one. */
size_t row_columns_find(const RowColumns *columns, const char *name, size_t begin);

/* Return: ERROR_NONE; ERROR_INVALID when @change names what is no column, or adds to what is no number. */
_must_check_ ErrorCode row_columns_check(RowColumns *columns, const RowChange *change, Error *err);

/* What @change gives for a column; one that it does not name has its default. NULL is null. */
const char *row_columns_text(const RowColumns *columns, const RowChange *change, size_t column);
