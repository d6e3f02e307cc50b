#pragma once

/*
 * view_registry.h — which versions of views there are: makes new ones, drops old ones.
 *
 * Everything here changes the registry (table projection.views) under one lock, so that instances which
 * start together, or are asked at the same time, see what the other one did.
 */

#include "version_list.h"
#include "view.h"

/* How a version is to be built, and who asked for it. */
typedef struct RebuildOptions {
        const char *reason; /* "asked", "schema" or "switch-back" */
        const char *by;
        const char *source; /* "store" or "topic" */
        int64_t rate;       /* events per second, 0: no limit */
        bool switches_by_itself;
        bool ignore_differences;
} RebuildOptions;

/**
 * view_registry_register() - see to it that every model that somebody feeds has a version
 * @schema:  of this instance
 *
 * What the registry has never seen becomes a new version: live at once in a new system, and built beside the
 * live one otherwise; a build of another schema that still runs is cancelled for it. A schema that it knows
 * is left alone, whatever became of its version.
 *
 * Return: ERROR_NONE; ERROR_INVALID when events that are stored cannot become rows of a new version
 *         (schema_change_check()); or as pg_exec().
 */
_must_check_ ErrorCode view_registry_register(PGconn *conn, const Schema *schema,
                                              int64_t deadline_us, Error *err);

/**
 * view_registry_build() - begin to build a new version of @model's view
 *
 * Return: ERROR_NONE; ERROR_CONFLICT when a rebuild of the view runs; or as view_registry_register().
 */
_must_check_ ErrorCode view_registry_build(PGconn *conn, const Schema *schema, const Model *model,
                                           const RebuildOptions *options, int *ret_version,
                                           int64_t deadline_us, Error *err);

/* Begin to bring a retired version up to date so that it takes over again. ERROR_NOT_FOUND, ERROR_CONFLICT. */
_must_check_ ErrorCode view_registry_switch_back(PGconn *conn, const char *view, int version,
                                                 const RebuildOptions *options, int64_t deadline_us,
                                                 Error *err);

/* End the rebuild of @view that runs: a new version is dropped, a retired one is retired again. */
_must_check_ ErrorCode view_registry_cancel(PGconn *conn, const char *view, const char *by,
                                            int *ret_version, int64_t deadline_us, Error *err);

/* Drop the tables of a retired version; of the live one too when @schema has no such model: then the replays that
 * repair its rows end. */
_must_check_ ErrorCode view_registry_drop(PGconn *conn, const Schema *schema, const char *view,
                                          int version, int64_t deadline_us, Error *err);

/* Within a transaction: read.checkpoint shows the checkpoints of all live versions. */
_must_check_ ErrorCode view_registry_show_checkpoints(PGconn *conn, int64_t deadline_us,
                                                      Error *err);

/* Whether the events of any aggregate become rows of @model. */
bool view_registry_is_fed(const Model *model);
