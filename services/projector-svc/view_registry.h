#pragma once

/*
 * view_registry.h — which version of a view is live; makes the first one.
 */

#include "common/pg/pg_conn.h"
#include "view.h"

/**
 * view_registry_open() - point @view at its live version, making version 1 when there is none
 *
 * Tables, checkpoint, registry row and the views in schema read are made in one transaction; instances
 * that start together wait for each other.
 *
 * Return: ERROR_NONE; ERROR_INVALID when the live version was made from another schema.graphql; or as
 *         pg_exec().
 */
_must_check_ ErrorCode view_registry_open(PGconn *conn, View *view, int64_t deadline_us,
                                          Error *err);
