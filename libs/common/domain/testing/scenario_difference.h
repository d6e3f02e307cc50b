#pragma once

/*
 * scenario_difference.h — what a failed expectation says: the JSON objects expected and found, and where they
 * differ.
 */

#include <stdbool.h>

#include "common/base/buffer.h"

/* Whether two JSON objects have the same members with the same values, in any order. Strings are compared
 * decoded, everything else as it is written; a member that is null is as good as none. */
bool scenario_same(const char *expected, const char *found);

/* Append three parts, a line or more each: expected, found, the members that differ. The lines begin
 * with a # as TAP has it, in which libcheck reports. */
void scenario_difference(Buffer *ret, const char *expected, const char *found);
