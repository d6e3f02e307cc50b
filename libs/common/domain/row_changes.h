#pragma once

/*
 * row_changes.h — what one event does to the rows of one model; a projection fills it, the
 * projector folds it over the rows. Values are text as PostgreSQL reads it, or NULL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/json_fields.h"

typedef enum RowChangeKind {
        ROW_PUT, /* the whole row: fields that are not named become null (or the model's default) */
        ROW_SET, /* the named fields of an existing row; no row, no change */
        ROW_DELETE, /* the row goes; no row, no change */
        ROW_ADD, /* to the numbers of a shared row, which is no aggregate's; it begins with the first add */
} RowChangeKind;

typedef struct RowValue {
        const char *field; /* static text: a field of the model */
        const char *text;  /* NULL is null; owned by the RowChanges */
        int64_t number;    /* of row_number(): what is added */
        bool added;        /* ->number counts, not ->text */
} RowValue;

typedef struct RowChange {
        RowChangeKind kind;
        const char *id; /* row id; owned by the RowChanges */
        RowValue *values;
        size_t n_values;
        size_t capacity;
} RowChange;

typedef struct RowChanges RowChanges;

RowChanges *row_changes_new(void);
void row_changes_free(RowChanges *changes);
DEFINE_CLEANUP(RowChanges *, row_changes_free)

/* Forget all changes, keep the memory. */
void row_changes_clear(RowChanges *changes);
size_t row_changes_count(const RowChanges *changes);
const RowChange *row_changes_at(const RowChanges *changes, size_t index);

/* Forget the changes behind the first @n, and what was wrong with them. */
void row_changes_truncate(RowChanges *changes, size_t n);

/* What is wrong with the event that the changes were made from: a row without id, a string that
 * cannot be decoded. NULL when all is well; the changes must not be used otherwise. */
const char *row_changes_fault(const RowChanges *changes);

/* Start a change; row_string() and friends then name its fields. @id is copied. */
void row_put(RowChanges *changes, const char *id);
void row_set(RowChanges *changes, const char *id);
void row_delete(RowChanges *changes, const char *id);

/**
 * row_add() - add to numbers of a shared row: events of any aggregate may, in any order
 *
 * row_number() says how much. A shared row belongs to no aggregate, has a key of its own beside aggregates' rows of
 * the same id, and stays once it is there. Its Int fields begin with their defaults, or 0, and are changed by
 * row_number() only. All other fields are labels, set with row_string() and friends when the row begins: every add of
 * the row must give all of them, the same texts each time; an event that gives another one is refused.
 */
void row_add(RowChanges *changes, const char *id);

/* Add to an Int field, after row_add(); what is said twice adds up. One add changes a field by 32 bits at most. */
void row_number(RowChanges *changes, const char *field, int64_t number);

void row_string(RowChanges *changes, const char *field,
                const char *value); /* copied; NULL is null */
void row_time(RowChanges *changes, const char *field, int64_t time_us);

/**
 * row_copy() - set @field from @key of eventData
 *
 * A JSON string is decoded, a number or boolean keeps its text, null or absent gives null. For AWSJSON
 * fields use row_json(), which keeps the JSON text as it is.
 */
void row_copy(RowChanges *changes, const char *field, JsonFields *data, const char *key);
void row_json(RowChanges *changes, const char *field, const JsonFields *data, const char *key);
