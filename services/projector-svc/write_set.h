#pragma once

/*
 * write_set.h — what a batch does to the rows of a view: those to write, those to copy since they are new, those to delete.
 */

#include "common/base/error.h"
#include "view.h"

typedef struct WriteSet {
        FoldRow *
                rows; /* n_writes, then n_copies, then n_deletes; each in the order of keys, the last ones in any */
        size_t capacity;
        size_t n_writes, n_copies, n_deletes;
        bool shared; /* there are shared rows among those to write */
} WriteSet;

/* Which rows that are not stored as far as the fold knows are new: one that was not looked for may be stored. */
typedef enum NewRows {
        NEW_NONE,  /* nobody has looked */
        NEW_FIRST, /* those of which only the first event of their aggregate tells */
        NEW_ALL,   /* all of them */
} NewRows;

void write_set_deinit(WriteSet *set);

/**
 * write_set_fill() - what @fold has changed
 * @view:  whose rows they are
 *
 * New rows are to be copied when that is worth it. What a row points to is the fold's. Return: ERROR_NONE or
 * ERROR_INTERNAL when there is no memory.
 */
_must_check_ ErrorCode write_set_fill(WriteSet *set, const RowFold *fold, const View *view,
                                      NewRows news, Error *err);

size_t write_set_count(const WriteSet *set);
