#pragma once

/*
 * change_causes.h — rows that a batch changes, and which event made each what it is: the beginnings of their entries in
 * the change feed, as parameters of the write statement.
 */

#include "common/pg/pg_params.h"
#include "view_batch.h"

typedef struct ChangeCauses {
        PgParams *params;
        const ViewBatch *batch;
        Buffer entry; /* scratch */
        int first;    /* array, of CHANGE_SQL_CAUSES */
} ChangeCauses;

/* Open the arrays as the next parameters. */
ChangeCauses change_causes_init(PgParams *params, const ViewBatch *batch);
void change_causes_deinit(ChangeCauses *causes);

/* Append the beginning of the entry of @row, which was made what it is by change number row->last_change of @batch. */
void change_causes_begin(Buffer *entry, const ViewBatch *batch, const FoldRow *row);

/* The next row. */
void change_causes_add(ChangeCauses *causes, const FoldRow *row);
