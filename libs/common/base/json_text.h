#pragma once

/*
 * json_text.h — JSON as text: strict check where it comes in, strings in and out.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

/* One JSON value inside somebody else's text. { NULL, 0 } is "absent". */
typedef struct JsonSpan {
        const char *text; /* borrowed, not NUL-terminated */
        size_t size;      /* bytes */
} JsonSpan;

typedef enum JsonKind {
        JSON_KIND_ABSENT = 0,
        JSON_KIND_NULL,
        JSON_KIND_BOOLEAN,
        JSON_KIND_NUMBER,
        JSON_KIND_STRING,
        JSON_KIND_ARRAY,
        JSON_KIND_OBJECT,
} JsonKind;

/**
 * json_text_check() - whether @text is one JSON object that everything behind can carry
 * @max_depth:  nesting allowed, the object itself is 1
 *
 * Strict: UTF-8, no duplicate keys, no \u0000, integers within int64, nothing behind the object.
 * Return: ERROR_NONE, or ERROR_MALFORMED with line and column in the message.
 */
_must_check_ ErrorCode json_text_check(const char *text, size_t size, unsigned max_depth,
                                       Error *err);

/* What the value is, by its first byte. */
JsonKind json_span_kind(JsonSpan span);

/* Lower-case name with article for messages: "a string", "null". */
const char *json_kind_name(JsonKind kind);

/**
 * json_scan_value() - the end of the JSON value that starts at @p
 *
 * Checks the grammar (not UTF-8) without building anything; nesting is bounded.
 * Return: the first byte behind the value, or NULL when there is no well-formed value.
 */
const char *json_scan_value(const char *p, const char *end);

/* Skip white space. */
const char *json_scan_space(const char *p, const char *end);

/* Append the decoded text of a JSON string value (with its quotes); false when @span is none, or when
 * it holds a lone surrogate or \u0000. */
bool json_string_decode(Buffer *buffer, JsonSpan span);

/* Append @text as a JSON string, quotes included. */
void json_string_encode(Buffer *buffer, const char *text, size_t size);
