#pragma once

/*
 * change_causes.h — which event made a row what it is, as parameters of the write statement.
 */

#include "common/pg/pg_params.h"
#include "view_batch.h"

typedef struct ChangeCauses {
        PgParams *params;
        const ViewBatch *batch;
        int first; /* array, of CHANGE_SQL_CAUSES */
} ChangeCauses;

/* Open the arrays as the next parameters. */
ChangeCauses change_causes_init(PgParams *params, const ViewBatch *batch);

/* The event of change number @change of the batch. */
void change_causes_add(const ChangeCauses *causes, size_t change);
