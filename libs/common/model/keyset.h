#pragma once

/*
 * keyset.h — the order of a list and where its next page begins, by the values of the last row.
 *
 * Null counts as the greatest value, as in PostgreSQL: last when ascending, first when descending. The
 * id and the aggregate whose row it is end every order, in the direction of the field before them, so
 * that no two rows are equal.
 */

#include "common/model/model.h"
#include "common/model/sql_text.h"

#define KEYSET_FIELDS_MAX 8 /* of a client's sort */
#define KEYSET_KEYS_MAX   (KEYSET_FIELDS_MAX + 2)

typedef struct KeysetKey {
        const Field *field;
        bool descending;
} KeysetKey;

typedef struct Keyset {
        KeysetKey keys[KEYSET_KEYS_MAX];
        size_t n_keys;
} Keyset;

/**
 * keyset_parse() - read "createdAt:desc,name"
 * @sort:  NULL: by id
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED with field "sort".
 */
_must_check_ ErrorCode keyset_parse(Keyset *ret, const Model *model, const char *sort, Error *err);

/* The order by nothing but the row's key. */
void keyset_by_key(Keyset *ret, const Model *model);

/* Append the keys as an ORDER BY list. */
void keyset_order(SqlText *sql, const Keyset *keyset, const char *alias);

/* Append the condition that a row comes after the one with @values (texts, NULL for null), one per
 * key. Takes at most KEYSET_KEYS_MAX parameters. */
void keyset_after(SqlText *sql, const Keyset *keyset, const char *alias, char *const *values);
