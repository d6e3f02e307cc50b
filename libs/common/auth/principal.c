#include "common/auth/principal.h"

#include <stdatomic.h>
#include <string.h>

/* The struct, its count of owners, and all of its text in one piece of memory. */
typedef struct Block {
        atomic_size_t n_owners;
        Principal principal;
} Block;

static Block *block_of(Principal *principal)
{
        return (Block *)((char *)principal - offsetof(Block, principal));
}

static char *append(char **p, const char *text)
{
        size_t size = strlen(text) + 1;
        char *start = *p;

        memcpy(start, text, size);
        *p += size;
        return start;
}

Principal *principal_new(const char *user, const char *const *groups, size_t n_groups, bool api_key)
{
        size_t size = sizeof(Block) + n_groups * sizeof(char *) + strlen(user) + 1;
        Block *block;
        char *p;

        for (size_t i = 0; i < n_groups; i++)
                size += strlen(groups[i]) + 1;
        block = calloc(1, size);
        if (!block)
                return NULL;
        atomic_init(&block->n_owners, 1);
        block->principal.groups = (char **)(block + 1);
        p = (char *)(block->principal.groups + n_groups);
        block->principal.user = append(&p, user);
        for (size_t i = 0; i < n_groups; i++)
                block->principal.groups[i] = append(&p, groups[i]);
        block->principal.n_groups = n_groups;
        block->principal.api_key = api_key;
        return &block->principal;
}

Principal *principal_ref(Principal *principal)
{
        (void)atomic_fetch_add_explicit(&block_of(principal)->n_owners, 1, memory_order_relaxed);
        return principal;
}

void principal_free(Principal *principal)
{
        Block *block;

        if (!principal)
                return;
        block = block_of(principal);
        if (atomic_fetch_sub_explicit(&block->n_owners, 1, memory_order_acq_rel) == 1)
                free(block);
}

bool principal_in_group(const Principal *principal, const char *group)
{
        for (size_t i = 0; i < principal->n_groups; i++) {
                if (strcmp(principal->groups[i], group) == 0)
                        return true;
        }
        return false;
}
