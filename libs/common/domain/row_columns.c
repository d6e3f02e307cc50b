#include "common/domain/row_columns.h"

#include <inttypes.h>
#include <string.h>

size_t row_columns_find(const RowColumns *columns, const char *name, size_t begin)
{
        for (size_t i = 0, c = begin; i < columns->n; i++, c++) {
                if (c >= columns->n)
                        c = 0;
                if (columns->items[c].name == name || strcmp(columns->items[c].name, name) == 0)
                        return c;
        }
        return ROW_COLUMN_UNKNOWN;
}

/* Numbers of a shared row are added to, all else of it is a label. */
static ErrorCode check_add(const RowColumn *column, const RowValue *value, Error *err)
{
        if (value->added && !column->number)
                return error_set(err, ERROR_INVALID,
                                 "a projection adds to \"%s\", which is no Int of the model",
                                 column->name);
        if (!value->added && column->number)
                return error_set(
                        err, ERROR_INVALID,
                        "a projection sets \"%s\" of a shared row, which can only be added to",
                        column->name);
        if (value->added && value->number != (int32_t)value->number)
                return error_set(err, ERROR_INVALID,
                                 "%" PRId64 " is added to \"%s\", more than 32 bits hold",
                                 value->number, column->name);
        return ERROR_NONE;
}

ErrorCode row_columns_check(RowColumns *columns, const RowChange *change, Error *err)
{
        size_t column = 0;
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && i < change->n_values; i++) {
                column = row_columns_find(columns, change->values[i].field, column + 1);
                if (column == ROW_COLUMN_UNKNOWN && columns->leaves_out) {
                        columns->left_out = change->values[i].field;
                        continue;
                }
                if (column == ROW_COLUMN_UNKNOWN)
                        return error_set(err, ERROR_INVALID,
                                         "a projection sets \"%s\", which is no field of the model",
                                         change->values[i].field);
                if (column == 0)
                        return error_set(
                                err, ERROR_INVALID,
                                "a projection sets \"id\" as a field: name it with the row");
                if (change->kind == ROW_ADD)
                        code = check_add(&columns->items[column], &change->values[i], err);
        }
        return code;
}

const char *row_columns_text(const RowColumns *columns, const RowChange *change, size_t column)
{
        for (size_t i = 0; i < change->n_values; i++)
                if (strcmp(change->values[i].field, columns->items[column].name) == 0)
                        return change->values[i].text;
        return columns->items[column].default_text;
}
