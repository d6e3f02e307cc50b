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

/* Text of @text_bytes, NULs included, follows the array of groups; @ret_text is where. */
static Block *block_new(size_t n_groups, size_t text_bytes, char **ret_text)
{
        Block *block = calloc(1, sizeof *block + n_groups * sizeof(char *) + text_bytes);

        if (!block)
                return NULL;
        atomic_init(&block->n_owners, 1);
        block->principal.groups = (char **)(block + 1);
        block->principal.n_groups = n_groups;
        *ret_text = (char *)(block->principal.groups + n_groups);
        return block;
}

Principal *principal_new_user(const char *user, const char *const *groups, size_t n_groups)
{
        size_t size = strlen(user) + 1;
        Block *block;
        char *p;

        for (size_t i = 0; i < n_groups; i++)
                size += strlen(groups[i]) + 1;
        block = block_new(n_groups, size, &p);
        if (!block)
                return NULL;
        block->principal.name = block->principal.user = append(&p, user);
        for (size_t i = 0; i < n_groups; i++)
                block->principal.groups[i] = append(&p, groups[i]);
        return &block->principal;
}

Principal *principal_new_api_key(const char *name)
{
        size_t prefix_size = sizeof PRINCIPAL_API_KEY_PREFIX - 1, size = strlen(name) + 1;
        Block *block;
        char *p;

        block = block_new(0, prefix_size + size, &p);
        if (!block)
                return NULL;
        block->principal.name = p;
        memcpy(p, PRINCIPAL_API_KEY_PREFIX, prefix_size);
        memcpy(p + prefix_size, name, size);
        block->principal.user = p + prefix_size + size - 1; /* "" */
        block->principal.api_key = true;
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
