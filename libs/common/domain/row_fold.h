#pragma once

/*
 * row_fold.h — the rows of one model in memory, and the changes of events folded over them.
 *
 * The one place that says what a row change means: the projector folds a batch over the rows it
 * touches, and whoever checks a view folds all its events over nothing and compares.
 *
 * A row is known by its id and the aggregate whose event made it. Ids of things inside an aggregate are
 * given by clients, so two aggregates may use the same one: each then has its own row, and no event
 * reaches into what is another aggregate's, in whatever order the logs' partitions are read.
 *
 * Shared rows belong to no aggregate: ROW_SHARED stands for it. Adding is all that is ever done to them, so they too are
 * the same in whatever order; they are not loaded, and what is stored is to be added to what is folded.
 */

#include "common/domain/row_changes.h"
#include "common/domain/row_columns.h"
#include "common/event/event.h"

#define ROW_SHARED "" /* no aggregate has this id */

typedef struct FoldRow {
        const char *id;
        const char *const *values; /* by column: the text that the last change gave, NULL is null */
        const char *aggregate;     /* whose row it is: the id of an aggregate, or ROW_SHARED */
        int64_t sequence;   /* eventSequence of its last change; of a shared row: how many adds */
        size_t last_change; /* its number, when ->changed */
        bool present;       /* false: deleted, or changed before it ever was */
        bool changed;       /* since it was loaded */
        const char *stored; /* what row_fold_load() was told of it; NULL: it was not loaded */
} FoldRow;

typedef struct RowFold RowFold;

/**
 * row_fold_new() - no rows yet
 * @columns:  copied, their texts borrowed; the first one is "id"
 *
 * Never fails: running out of memory ends the process, here and below. Thread: one at a time.
 */
RowFold *row_fold_new(const RowColumn *columns, size_t n_columns);
void row_fold_free(RowFold *fold);
DEFINE_CLEANUP(RowFold *, row_fold_free)

/* From now on leave out what changes say about fields that are no columns, instead of refusing them: a view of
 * another schema.graphql than the one that the projections were written for has fewer fields. */
void row_fold_leave_out(RowFold *fold);

/* The last field that was left out (static text), NULL when none was. */
const char *row_fold_left_out(const RowFold *fold);

/* Forget all rows, keep some memory. */
void row_fold_clear(RowFold *fold);

/**
 * row_fold_load() - a row as it is stored; rows that are not loaded do not exist
 * @values:  by column, copied; NULL is null
 * @stored:  what the caller wants to know of it later, copied
 *
 * Before any change of the row, and once.
 */
void row_fold_load(RowFold *fold, const char *id, const char *aggregate, int64_t sequence,
                   const char *const *values, const char *stored);

/**
 * row_fold_apply() - fold @n changes, from number @first on, all of them made by @event
 *
 * All or nothing. Return: ERROR_NONE; ERROR_INVALID when a change names a field that is no column, a row has a later
 * event of the aggregate already, or an add does not fit its columns or gives other labels than those before.
 */
_must_check_ ErrorCode row_fold_apply(RowFold *fold, const Event *event, const RowChanges *changes,
                                      size_t first, size_t n, Error *err);

/* Rows in the order in which they were first named, deleted ones among them (see ->present). What a
 * FoldRow points to is valid until the next change. */
size_t row_fold_count(const RowFold *fold);
FoldRow row_fold_at(const RowFold *fold, size_t index);

/* False when the row was never named. */
bool row_fold_find(const RowFold *fold, const char *id, const char *aggregate, FoldRow *ret);
