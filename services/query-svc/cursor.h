#pragma once

/*
 * cursor.h — where a page ended: the sort values of its last row, as opaque text bound to the request.
 */

#include "read_request.h"

typedef struct Cursor {
        char *values[KEYSET_KEYS_MAX]; /* as PostgreSQL reads them; NULL is null */
        size_t n_values;
} Cursor;

void cursor_deinit(Cursor *cursor);

/* Append the text of a cursor behind the row with @values, one per key of the request's order. */
void cursor_format(Buffer *ret, const ReadRequest *request, const char *const *values);

/**
 * cursor_parse() - read request->cursor
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED: not a cursor, or one of another request.
 */
_must_check_ ErrorCode cursor_parse(const ReadRequest *request, Cursor *ret, Error *err);
