#pragma once

/*
 * model_value.h — values of a model's columns as text, checked before PostgreSQL sees them.
 */

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
