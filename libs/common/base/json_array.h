#pragma once

/*
 * json_array.h — the items of one JSON array, one after the other, without building a tree.
 */

#include "common/base/json_text.h"

/**
 * json_array_next() - take the next item
 * @rest:  the array as json_fields_get() gives it (its grammar is checked); afterwards what is left of it
 * @ret:   the item, a span of the same text
 *
 * Return: false when there is no further item, or when @rest is no array.
 */
bool json_array_next(JsonSpan *rest, JsonSpan *ret);
