#pragma once

/*
 * command_progress.h — how far the events of a stored command have come: published, shown by views.
 */

#include "common/pg/pg_conn.h"

/* Whether something has happened, and when; 0 when it has, but the mark that told it is gone. */
typedef struct Reached {
        bool yes;
        int64_t at_us;
        bool parked; /* not: the view cannot apply this aggregate's events, and an operator has to look */
        bool dropped; /* not: an operator has told the view to leave it out */
} Reached;

typedef struct CommandProgress {
        int32_t partition; /* of its last event */
        int64_t position;
        char *correlation_id;
        Reached published;
        Reached *views; /* as they were asked for */
} CommandProgress;

void command_progress_free(CommandProgress *progress);
DEFINE_CLEANUP(CommandProgress *, command_progress_free)

/**
 * store_read_progress() - of the event @sequence of an aggregate
 * @views, @n_views:  names of views
 *
 * Return: ERROR_NONE; ERROR_NOT_FOUND when there is no such event; or as pg_exec().
 */
_must_check_ ErrorCode store_read_progress(PGconn *conn, const char *aggregate_type,
                                           const char *aggregate_id, int64_t sequence,
                                           const char *const *views, size_t n_views,
                                           CommandProgress **ret, int64_t deadline_us, Error *err);
