#pragma once

/*
 * reader_group.h — who sees more than the models' rules give.
 */

#include "common/model/auth_predicate.h"

/* Reads every history and every past state, also of what is no longer shown. */
#define READER_ADMIN_GROUP "Admin"

bool reader_in_group(const Reader *reader, const char *group);
