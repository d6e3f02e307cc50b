#pragma once

/*
 * row_copy.h — rows that are new, by COPY: a third of what an upsert of them costs PostgreSQL, which looks for each row first
 * and writes it in two steps, in case somebody else makes it meanwhile.
 */

#include "common/pg/pg_copy.h"
#include "view.h"

/* With fewer rows the messages that COPY takes cost more than it saves. */
#define ROW_COPY_MIN 64

typedef struct RowCopy {
        const View *view;
        PGconn *conn;
        int64_t deadline_us;
        Buffer lines; /* not sent yet */
} RowCopy;

void row_copy_deinit(RowCopy *copy);

/* Whether COPY takes the values of @row in the forms in which they are. */
bool row_copy_takes(const View *view, const FoldRow *row);

/**
 * row_copy_begin() - begin a transaction that takes rows
 *
 * Errors here and below as pg_exec(). After any that leaves the connection alive the transaction is the caller's to
 * end, as it is after row_copy_end().
 */
_must_check_ ErrorCode row_copy_begin(RowCopy *copy, Error *err);
_must_check_ ErrorCode row_copy_add(RowCopy *copy, const FoldRow *row, Error *err);

/* That was all: pg_receive() says whether the rows are written. One that is there already is SQLSTATE 23505. */
_must_check_ ErrorCode row_copy_end(RowCopy *copy, Error *err);
