#pragma once

/*
 * json_writer.h — JSON text built front to back in a Buffer, commas placed by the writer.
 *
 * Inside an object give the key with every value; inside an array pass NULL.
 */

#include <stdint.h>

#include "common/base/json_text.h"

void json_write_object(Buffer *buffer, const char *key); /* { */
void json_write_object_end(Buffer *buffer);              /* } */
void json_write_array(Buffer *buffer, const char *key);  /* [ */
void json_write_array_end(Buffer *buffer);               /* ] */

void json_write_string(Buffer *buffer, const char *key, const char *text); /* NULL writes null */
void json_write_string_n(Buffer *buffer, const char *key, const char *text, size_t size);
void json_write_int(Buffer *buffer, const char *key, int64_t value);
void json_write_double(Buffer *buffer, const char *key,
                       double value); /* shortest exact; NaN is null */
void json_write_bool(Buffer *buffer, const char *key, bool value);
void json_write_null(Buffer *buffer, const char *key);
void json_write_time(Buffer *buffer, const char *key, int64_t time_us); /* RFC 3339 string */

/* A value that is JSON already, untouched; an absent span writes nothing at all. */
void json_write_raw(Buffer *buffer, const char *key, JsonSpan value);
