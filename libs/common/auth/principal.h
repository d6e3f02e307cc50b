#pragma once

/*
 * principal.h — who sent a request, from verified credentials.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/base/cleanup.h"

typedef struct Principal {
        char *user;    /* claim "username", else "sub"; "" for an API key */
        char **groups; /* claim "cognito:groups" unless configured otherwise */
        size_t n_groups;
        bool api_key;
} Principal;

void principal_free(Principal *principal);
DEFINE_CLEANUP(Principal *, principal_free)
bool principal_in_group(const Principal *principal, const char *group);
