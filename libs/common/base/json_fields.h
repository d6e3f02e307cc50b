#pragma once

/*
 * json_fields.h — the members of one JSON object, found without building a tree.
 *
 * Only the top level is indexed; values stay where they are, as spans of the caller's text, so that
 * they can be passed on byte for byte. One object can be filled again and again and keeps its memory.
 */

#include <stdint.h>

#include "common/base/json_text.h"

typedef struct JsonField {
        JsonSpan key; /* with its quotes */
        JsonSpan value;
} JsonField;

typedef struct JsonFields {
        JsonField *fields;
        size_t n_fields;
        size_t capacity;
        struct JsonDecoded *decoded; /* strings handed out by json_fields_string() */
} JsonFields;

#define JSON_FIELDS_INIT ((JsonFields){ .fields = NULL })

void json_fields_deinit(JsonFields *fields);

/**
 * json_fields_parse() - index the members of the object in @text
 * @text:  borrowed: must stay in place and unchanged as long as @fields is read
 *
 * What @fields held before is forgotten. Checks the grammar of everything inside; of duplicate keys
 * the first is found. Thread: the caller's.
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED (@fields is empty then).
 */
_must_check_ ErrorCode json_fields_parse(JsonFields *fields, const char *text, size_t size,
                                         Error *err);

/* The value of @key, { NULL, 0 } when absent. Keys written with escapes are not found. */
JsonSpan json_fields_get(const JsonFields *fields, const char *key);

/* The decoded string of @key; owned by @fields until the next parse. NULL when it is not a string. */
const char *json_fields_string(JsonFields *fields, const char *key);

/* The number of @key; false, and @ret untouched, when it is not a number of at most 63 characters that
 * fits: beyond the range of a double, or so small that it would become 0; for int64, not a whole number
 * in range. */
bool json_fields_double(const JsonFields *fields, const char *key, double *ret);
bool json_fields_int64(const JsonFields *fields, const char *key, int64_t *ret);

/* The boolean of @key; false, and @ret untouched, when it is none. */
bool json_fields_bool(const JsonFields *fields, const char *key, bool *ret);
