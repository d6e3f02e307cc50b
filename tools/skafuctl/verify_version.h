#pragma once

/*
 * verify_version.h — one version of a view as the registry has it: the live one, one that is being built, or
 * one that was kept.
 */

#include "common/base/buffer.h"
#include "common/model/model.h"
#include "common/pg/pg_conn.h"

typedef struct VerifyVersion {
        const char *view;
        int version;
        const char *state; /* "live", "building", "retired" */
        bool live;
        Buffer label;             /* "project", or "project/2" when it is not the live one */
        Buffer table, checkpoint; /* quoted, with their schema */
        const Model *model;       /* of the schema that it was made from */
        Schema *schema;           /* owned; NULL: the model is the caller's */
        PGresult *owner;          /* holds the text */
} VerifyVersion;

void verify_version_deinit(VerifyVersion *version);

/**
 * verify_version_load() - look a version up, in the transaction that will read it
 * @ret:     zeroed by the caller
 * @schema:  for a version that does not say which schema it was made from; borrowed
 *
 * Return: ERROR_NONE; ERROR_NOT_FOUND when it is gone; ERROR_INVALID when what is registered is no schema with
 *         this model; or as pg_exec().
 */
_must_check_ ErrorCode verify_version_load(VerifyVersion *ret, PGconn *conn, const char *view,
                                           int version, const Schema *schema, int64_t deadline_us,
                                           Error *err);
