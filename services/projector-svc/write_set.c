#include "write_set.h"

#include <stdlib.h>
#include <string.h>

#include "row_copy.h"

void write_set_deinit(WriteSet *set)
{
        free(set->rows);
}

static bool is_shared(const FoldRow *row)
{
        return strcmp(row->aggregate, ROW_SHARED) == 0;
}

static bool is_new(const View *view, NewRows news, const FoldRow *row)
{
        return news != NEW_NONE && !row->stored && (news == NEW_ALL || row->sequence == 1) &&
               row_copy_takes(view, row);
}

static int compare_keys(const void *a, const void *b)
{
        const FoldRow *left = a, *right = b;
        int by_id = strcmp(left->id, right->id);

        return by_id ? by_id : strcmp(left->aggregate, right->aggregate);
}

static ErrorCode make_room(WriteSet *set, size_t n, Error *err)
{
        FoldRow *grown;

        if (n <= set->capacity)
                return ERROR_NONE;
        grown = realloc(set->rows, n * sizeof *grown);
        if (!grown)
                return error_no_memory(err);
        set->rows = grown;
        set->capacity = n;
        return ERROR_NONE;
}

static size_t count_new(WriteSet *set, const RowFold *fold, const View *view, NewRows news)
{
        size_t n = 0;

        set->shared = false;
        for (size_t i = 0; i < row_fold_count(fold); i++) {
                FoldRow row = row_fold_at(fold, i);

                if (!row.present || !row.changed)
                        continue;
                set->shared |= is_shared(&row);
                n += is_new(view, news, &row);
        }
        return n;
}

/* Rows that are present and new, or not, behind the first @at; how many. */
static size_t add_present(WriteSet *set, const RowFold *fold, const View *view, NewRows news,
                          bool new, size_t at)
{
        size_t n = 0;

        for (size_t i = 0; i < row_fold_count(fold); i++) {
                FoldRow row = row_fold_at(fold, i);

                if (row.present && row.changed && is_new(view, news, &row) == new)
                        set->rows[at + n++] = row;
        }
        if (n > 1) /* everybody locks in the same order */
                qsort(set->rows + at, n, sizeof *set->rows, compare_keys);
        return n;
}

/* One that was made and deleted again in the batch may have been stored before: it was not loaded. */
static size_t add_deleted(WriteSet *set, const RowFold *fold, size_t at)
{
        size_t n = 0;

        for (size_t i = 0; i < row_fold_count(fold); i++) {
                FoldRow row = row_fold_at(fold, i);

                if (row.changed && !row.present)
                        set->rows[at + n++] = row;
        }
        return n;
}

ErrorCode write_set_fill(WriteSet *set, const RowFold *fold, const View *view, NewRows news,
                         Error *err)
{
        ErrorCode code = make_room(set, row_fold_count(fold), err);

        if (code)
                return code;
        /* Shared rows come with a statement that writes all others too. */
        if (count_new(set, fold, view, news) < ROW_COPY_MIN || set->shared)
                news = NEW_NONE;
        set->n_writes = add_present(set, fold, view, news, false, 0);
        set->n_copies =
                news == NEW_NONE ? 0 : add_present(set, fold, view, news, true, set->n_writes);
        set->n_deletes = add_deleted(set, fold, set->n_writes + set->n_copies);
        return ERROR_NONE;
}

size_t write_set_count(const WriteSet *set)
{
        return set->n_writes + set->n_copies + set->n_deletes;
}
