#pragma once

/*
 * table.h — cells in aligned columns, for people to read.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buffer.h"

typedef struct Table Table;

/* Never NULL: as with a Buffer, running out of memory ends the program. */
Table *table_new(void);
void table_free(Table *table);
DEFINE_CLEANUP(Table *, table_free)

/* Columns first. @name: in camel case as JSON has it; people read "aggregateType" as "aggregate type". */
void table_column(Table *table, const char *name, bool is_number);

/* The next cell, row by row; NULL shows as "-". The text is copied. */
void table_cell(Table *table, const char *text);

size_t table_rows(const Table *table);

/* Append the heading and the rows, a line each. */
void table_append(Buffer *buffer, const Table *table);
