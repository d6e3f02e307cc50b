#pragma once

/*
 * row_image.h — a row as the JSON that model_row_json() makes PostgreSQL give, made here from the texts of its columns.
 *
 * Byte for byte the same, or not at all: where PostgreSQL might write a value in another form than it was given
 * in ("1.50", a time with an offset), this says so, and PostgreSQL is to be asked.
 */

#include "common/base/buffer.h"
#include "common/model/model.h"

/**
 * row_image_append() - the row as a JSON object
 * @values:  by column, in the order of the model: as they are given to PostgreSQL, or as model_column_to_text() reads
 *           them in a session with TimeZone UTC; NULL is null
 *
 * Return: false when PostgreSQL has to make it; @json is as before then.
 */
_must_check_ bool row_image_append(Buffer *json, const Model *model, const char *const *values);
