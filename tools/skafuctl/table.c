#include "table.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 24

typedef struct Column {
        bool is_number;
        size_t width; /* characters */
} Column;

struct Table {
        Column columns[COLUMNS_MAX];
        size_t n_columns;
        size_t n_cells; /* with those of the heading */
        Buffer text;    /* of all cells, row by row, a NUL after each */
};

Table *table_new(void)
{
        Table *table = calloc(1, sizeof *table);

        if (!table)
                abort();
        return table;
}

void table_free(Table *table)
{
        if (!table)
                return;
        buffer_deinit(&table->text);
        free(table);
}

/* Characters, not bytes. */
static size_t width_of(const char *text)
{
        size_t width = 0;

        for (; *text; text++)
                width += ((unsigned char)*text & 0xC0) != 0x80;
        return width;
}

void table_cell(Table *table, const char *text)
{
        Column *column = &table->columns[table->n_cells % table->n_columns];
        size_t width;

        text = text ? text : "-";
        width = width_of(text);
        if (width > column->width)
                column->width = width;
        for (const char *p = text; *p; p++) /* a row is one line */
                buffer_append_char(&table->text, iscntrl((unsigned char)*p) ? ' ' : *p);
        buffer_append(&table->text, "", 1);
        table->n_cells++;
}

static bool is_upper(char c)
{
        return c >= 'A' && c <= 'Z';
}

static char lower(char c)
{
        return (char)tolower((unsigned char)c);
}

/* "aggregateType" is read "aggregate type". */
static void append_words(Buffer *buffer, const char *name)
{
        for (; *name; name++) {
                if (is_upper(*name))
                        buffer_append_char(buffer, ' ');
                buffer_append_char(buffer, lower(*name));
        }
}

void table_column(Table *table, const char *name, bool is_number)
{
        size_t start = table->text.size;

        if (table->n_columns == COLUMNS_MAX)
                return;
        append_words(&table->text, name);
        buffer_append(&table->text, "", 1);
        table->columns[table->n_columns++] =
                (Column){ .is_number = is_number, .width = width_of(table->text.data + start) };
        table->n_cells++;
}

size_t table_rows(const Table *table)
{
        return table->n_columns ? table->n_cells / table->n_columns - 1 : 0;
}

static void append_spaces(Buffer *buffer, size_t n)
{
        while (n-- > 0)
                buffer_append_char(buffer, ' ');
}

void table_append(Buffer *buffer, const Table *table)
{
        const char *text = buffer_text(&table->text);

        for (size_t i = 0; i < table->n_cells; i++) {
                const Column *column = &table->columns[i % table->n_columns];
                size_t pad = column->width - width_of(text);
                bool last = (i + 1) % table->n_columns == 0;

                append_spaces(buffer, column->is_number ? pad : 0);
                buffer_append_string(buffer, text);
                if (!last)
                        append_spaces(buffer, (column->is_number ? 0 : pad) + 2);
                else
                        buffer_append_char(buffer, '\n');
                text += strlen(text) + 1;
        }
}
