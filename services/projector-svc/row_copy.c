#include "row_copy.h"

#include <inttypes.h>

#define SEND_BYTES 65536 /* together */

static const char what[] = "copy rows";

void row_copy_deinit(RowCopy *copy)
{
        buffer_deinit(&copy->lines);
}

bool row_copy_takes(const View *view, const FoldRow *row)
{
        for (size_t i = 0, c = 0; i < view->model->n_fields; i++) {
                const Field *field = &view->model->fields[i];

                if (field->kind != FIELD_COLUMN)
                        continue;
                if (field->list && row->values[c] && row->values[c][0] == '[')
                        return false; /* a JSON list, which only an expression makes an array of */
                c++;
        }
        return true;
}

ErrorCode row_copy_begin(RowCopy *copy, Error *err)
{
        return pg_copy_begin(copy->conn, copy->view->copy_sql, copy->deadline_us, what, err);
}

static ErrorCode send(RowCopy *copy, Error *err)
{
        ErrorCode code = pg_copy_lines(copy->conn, &copy->lines, copy->deadline_us, what, err);

        buffer_clear(&copy->lines);
        return code;
}

ErrorCode row_copy_add(RowCopy *copy, const FoldRow *row, Error *err)
{
        for (size_t c = 0; c < copy->view->n_columns; c++) {
                pg_copy_value(&copy->lines, row->values[c]);
                buffer_append_char(&copy->lines, '\t');
        }
        pg_copy_value(&copy->lines, row->aggregate);
        buffer_printf(&copy->lines, "\t%" PRId64 "\n", row->sequence);
        return copy->lines.size < SEND_BYTES ? ERROR_NONE : send(copy, err);
}

ErrorCode row_copy_end(RowCopy *copy, Error *err)
{
        ErrorCode code = send(copy, err);

        return code ? code : pg_copy_end(copy->conn, copy->deadline_us, what, err);
}
