#include "result_table.h"

#include <stdio.h>
#include <string.h>

#include "common/base/json_writer.h"
#include "table.h"

/* PostgreSQL's types that have a form of their own in JSON. */
enum {
        TYPE_BOOL = 16,
        TYPE_INT8 = 20,
        TYPE_INT2 = 21,
        TYPE_INT4 = 23,
        TYPE_JSON = 114,
        TYPE_FLOAT8 = 701,
        TYPE_NUMERIC = 1700,
};

static bool is_number(const PGresult *res, int column)
{
        switch (PQftype(res, column)) {
        case TYPE_INT2:
        case TYPE_INT4:
        case TYPE_INT8:
        case TYPE_FLOAT8:
        case TYPE_NUMERIC:
                return true;
        default:
                return false;
        }
}

static void write_value(Buffer *buffer, const PGresult *res, int row, int column)
{
        const char *name = PQfname(res, column), *text = PQgetvalue(res, row, column);

        if (PQgetisnull(res, row, column))
                json_write_null(buffer, name);
        else if (PQftype(res, column) == TYPE_BOOL)
                json_write_bool(buffer, name, *text == 't');
        else if (PQftype(res, column) == TYPE_JSON || is_number(res, column))
                json_write_raw(buffer, name, (JsonSpan){ .text = text, .size = strlen(text) });
        else
                json_write_string(buffer, name, text);
}

void result_table_json(Buffer *buffer, const PGresult *res)
{
        json_write_array(buffer, NULL);
        for (int row = 0; row < PQntuples(res); row++) {
                json_write_object(buffer, NULL);
                for (int column = 0; column < PQnfields(res); column++)
                        write_value(buffer, res, row, column);
                json_write_object_end(buffer);
        }
        json_write_array_end(buffer);
}

static const char *cell(const PGresult *res, int row, int column)
{
        const char *text = PQgetvalue(res, row, column);

        if (PQgetisnull(res, row, column))
                return NULL;
        if (PQftype(res, column) == TYPE_BOOL)
                return *text == 't' ? "yes" : "no";
        return text;
}

static void append_table(Buffer *buffer, const PGresult *res)
{
        _cleanup_(table_freep) Table *table = table_new();

        for (int column = 0; column < PQnfields(res); column++)
                table_column(table, PQfname(res, column), is_number(res, column));
        for (int row = 0; row < PQntuples(res); row++)
                for (int column = 0; column < PQnfields(res); column++)
                        table_cell(table, cell(res, row, column));
        table_append(buffer, table);
}

void result_table_print(const PGresult *res, bool json, const char *empty)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        if (json) {
                result_table_json(&text, res);
                buffer_append_char(&text, '\n');
        } else if (PQntuples(res) == 0) {
                buffer_printf(&text, "%s\n", empty);
        } else {
                append_table(&text, res);
        }
        (void)fputs(buffer_text(&text), stdout);
}
