#pragma once

/*
 * schema_change.h — looks before a version is built whether stored events can become its rows.
 */

#include "common/model/model.h"
#include "common/pg/pg_conn.h"

/**
 * schema_change_check() - project a sample of the stored events into rows of @model
 *
 * The oldest and the newest events of every log partition that feeds the model. A field that is required,
 * has no default and gets no value from an event that makes a row is what a build would stop at, and one of a shared
 * row that is added to, and is no Int. What only
 * another event shows is found while building: the build stops there, and the live version stays.
 *
 * Return: ERROR_NONE; ERROR_INVALID, naming model, field and event; or as pg_exec().
 */
_must_check_ ErrorCode schema_change_check(PGconn *conn, const Model *model, int64_t deadline_us,
                                           Error *err);
