#pragma once

/*
 * view_switch.h — the moment at which two versions of a view are at one position, and what is done in it.
 *
 * Whoever writes checkpoints of the live version is made to wait while the one that is built, which is never
 * ahead, comes up to it. That takes milliseconds; when it takes longer than rebuild_hold_ms it is given up, and
 * tried again later.
 */

#include "common/pg/pg_conn.h"
#include "projector_config.h"
#include "view.h"

typedef struct ViewSwitch {
        PGconn *conn;
        const ProjectorConfig *config;
        const View *live; /* NULL: there is none, and nothing to hold */
        const View *built;
        int64_t rebuild; /* its id */
} ViewSwitch;

/**
 * view_switch_snapshot() - begin a transaction in @reader whose snapshot shows both versions at one position
 *
 * Return: ERROR_NONE; ERROR_CONFLICT when they could not be brought there in time: try again later; or as
 *         pg_exec().
 */
_must_check_ ErrorCode view_switch_snapshot(const ViewSwitch *change, PGconn *reader, Error *err);

/**
 * view_switch_run() - the built version takes over, the live one retires, in one transaction
 *
 * Both are at one position then, so that no token that was handed out is ahead of what readers see. The
 * epochs of both rise: whoever still takes them for what they were is refused with its next batch.
 *
 * Return: ERROR_NONE; ERROR_CONFLICT as above; ERROR_NOT_FOUND when somebody has cancelled the rebuild; or as
 *         pg_exec().
 */
_must_check_ ErrorCode view_switch_run(const ViewSwitch *change, Error *err);
