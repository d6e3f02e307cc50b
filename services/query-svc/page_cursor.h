#pragma once

/*
 * page_cursor.h — where a page ended: the values of its last row in the order of the list, as opaque
 * text that is bound to model, order and filters.
 *
 * It is no secret and gives no rights: its values are parameters of a statement that has the reader's
 * own conditions in it.
 */

#include "read_request.h"

#define PAGE_CURSOR_BYTES_MAX 8192 /* of the text; a request line must have room for it */

/**
 * page_cursor_binding() - append what a cursor is bound to, but for the values of the filter
 *
 * The binding in a cursor is the SHA-256 of this and of each value with its NUL, 16 hexadecimal digits of it.
 * model_select.h makes cursors of embedded lists so.
 */
void page_cursor_binding(SqlText *ret, const Model *model, const Keyset *keyset,
                         const Filter *filter);

/**
 * page_cursor_format() - append the cursor behind the row with @values
 * @values:  one per key of the request's keyset; NULL is null
 *
 * Return: ERROR_NONE, or ERROR_TOO_LARGE when the values are too long for a cursor.
 */
_must_check_ ErrorCode page_cursor_format(Buffer *ret, const ReadRequest *request,
                                          const char *const *values, Error *err);

/**
 * page_cursor_parse() - read request->cursor
 * @ret:  one value per key, checked and in @arena; NULL is null
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED: not a cursor, or one of another list.
 */
_must_check_ ErrorCode page_cursor_parse(const ReadRequest *request, Arena *arena,
                                         char *const **ret, Error *err);
