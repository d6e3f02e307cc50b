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

/**
 * principal_new() - copy @user and @groups
 *
 * Return: NULL when out of memory; free with principal_free().
 */
Principal *principal_new(const char *user, const char *const *groups, size_t n_groups,
                         bool api_key);

/* Another owner of the same, unchangeable principal. Thread: any. */
Principal *principal_ref(Principal *principal);

/* Only what principal_new() made. Thread: any. */
void principal_free(Principal *principal);
DEFINE_CLEANUP(Principal *, principal_free)
bool principal_in_group(const Principal *principal, const char *group);
