#pragma once

/*
 * rebuild_progress.h — how far a version is, in every log partition that feeds it.
 */

#include "common/pg/pg_conn.h"
#include "version_list.h"

typedef struct LogProgress {
        const char *aggregate_type;
        int32_t partition;
        int64_t done; /* of the version */
        int64_t head; /* of the log */
        int64_t goal; /* where the live version is; the head when there is none */
} LogProgress;

typedef struct RebuildProgress {
        LogProgress *logs;
        size_t n_logs;
        int64_t done, head, goal; /* sums */
        PGresult *owner;
} RebuildProgress;

#define REBUILD_PROGRESS_INIT ((RebuildProgress){ .logs = NULL })

/**
 * rebuild_progress_read() - of @version, against @live (may be NULL, or the same)
 * @model:  feeds are those of the model of this name, in this program's business
 *
 * Return: ERROR_NONE; or as pg_exec(): the version may have been dropped meanwhile.
 */
_must_check_ ErrorCode rebuild_progress_read(RebuildProgress *ret, PGconn *conn, const char *model,
                                             const ViewVersion *version, const ViewVersion *live,
                                             int64_t deadline_us, Error *err);
void rebuild_progress_deinit(RebuildProgress *progress);
