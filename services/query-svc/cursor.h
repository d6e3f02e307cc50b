#pragma once

/*
 * cursor.h — where a page ended: the sort values of its last row, as opaque text bound to the request.
 */

#include "read_request.h"

typedef struct Cursor {
        char *values[READ_SORTS_MAX + 1]; /* as PostgreSQL reads them; NULL is null */
        size_t n_values;
} Cursor;

void cursor_deinit(Cursor *cursor);

/* Append the text of a cursor behind the row with @values, one per sort field of @request. */
void cursor_format(Buffer *ret, const ReadRequest *request, const char *const *values);

/**
 * cursor_parse() - read request->cursor
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED: not a cursor, or one of another request.
 */
_must_check_ ErrorCode cursor_parse(const ReadRequest *request, Cursor *ret, Error *err);
