#pragma once

/*
 * principal.h — who sent a request, from verified credentials.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/base/cleanup.h"

/* What the names of API keys begin with, and those of users do not. */
#define PRINCIPAL_API_KEY_PREFIX "api-key:"

typedef struct Principal {
        char *name;    /* nobody else's: the user, or "api-key:" and the key's name */
        char *user;    /* claim "username", else "sub"; "" for an API key */
        char **groups; /* claim "cognito:groups" unless configured otherwise */
        size_t n_groups;
        bool api_key;
} Principal;

/**
 * principal_new_user() - copy @user and @groups
 *
 * Return: NULL when out of memory; free with principal_free().
 */
Principal *principal_new_user(const char *user, const char *const *groups, size_t n_groups);

/* The same for an API key: @name is the key's, copied. */
Principal *principal_new_api_key(const char *name);

/* Another owner of the same, unchangeable principal. Thread: any. */
Principal *principal_ref(Principal *principal);

/* Only what was made here. Thread: any. */
void principal_free(Principal *principal);
DEFINE_CLEANUP(Principal *, principal_free)
bool principal_in_group(const Principal *principal, const char *group);
