#pragma once

/*
 * pg_copy.h — many rows into a table by COPY … FROM STDIN: a fraction of what inserting them costs PostgreSQL, but a row
 * that is there already fails all of them.
 *
 * The text format: values in the forms that PostgreSQL takes as text, tabs between them, a line per row.
 */

#include <stdint.h>

#include "common/base/buffer.h"
#include "common/pg/pg_error.h"

/* Append @text as one value, NULL as null. The caller puts a tab between values, and a newline behind the last one. */
void pg_copy_value(Buffer *lines, const char *text);

/**
 * pg_copy_begin() - send @sql and wait until PostgreSQL takes rows
 * @sql:  its last statement is COPY … FROM STDIN; it may begin with others, such as BEGIN
 *
 * Errors as pg_exec(); the connection can be used then unless it was lost.
 */
_must_check_ ErrorCode pg_copy_begin(PGconn *conn, const char *sql, int64_t deadline_us,
                                     const char *what, Error *err);

/* Send whole lines; as often as there are more. Errors as pg_exec(): the connection is of no use then. */
_must_check_ ErrorCode pg_copy_lines(PGconn *conn, const Buffer *lines, int64_t deadline_us,
                                     const char *what, Error *err);

/* That was all: pg_receive() says what became of it. Errors as pg_copy_lines(). */
_must_check_ ErrorCode pg_copy_end(PGconn *conn, int64_t deadline_us, const char *what, Error *err);
