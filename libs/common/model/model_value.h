#pragma once

/*
 * model_value.h — values of a model's columns as text, checked before PostgreSQL sees them.
 */

#include <jansson.h>

#include "common/base/buffer.h"
#include "common/model/model.h"

/**
 * model_value_parse() - whether @text is a value of @field (of one item, when it is a list)
 * @ret:  the text that PostgreSQL reads is appended to it; one spelling per value for times
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED with the field's name and what is expected.
 */
_must_check_ ErrorCode model_value_parse(const Field *field, const char *text, Buffer *ret,
                                         Error *err);

/* As model_value_parse() for all of a list: @text is a JSON array; @ret gets an array literal. */
_must_check_ ErrorCode model_value_parse_list(const Field *field, const char *text, Buffer *ret,
                                              Error *err);

/* As model_value_parse() from a parsed JSON value (not null). */
_must_check_ ErrorCode model_value_from_json(const Field *field, const json_t *json, Buffer *ret,
                                             Error *err);

/* As model_value_parse_list() from a parsed JSON array of at most @max items. */
_must_check_ ErrorCode model_values_from_json(const Field *field, const json_t *array, size_t max,
                                              Buffer *ret, Error *err);

/**
 * model_value_text() - append the SQL expression that gives @column as text, as this module reads it
 * @column:  alias."name" of a column of @field that is no list and no JSON
 */
void model_value_text(Buffer *sql, const Field *field, const char *column);

/* Append the SQL expression that gives @column, of any type, as row_to_json() should see it: times
 * as RFC 3339 in UTC with microseconds, all others as they are. */
void model_value_json(Buffer *sql, const Field *field, const char *column);
