#pragma once

/*
 * registry_transaction.h — a transaction that changes the registry of views; one instance has one at a time.
 */

#include "common/model/model.h"
#include "common/pg/pg_params.h"
#include "version_list.h"

typedef struct Registry {
        PGconn *conn;
        PgParams *params; /* scratch */
        VersionList list; /* as it is now */
        int64_t deadline_us;
        unsigned attempt; /* from 0 on */
        char dropped[64]; /* the schema of tables that go, or would but for who uses them */
} Registry;

void registry_deinit(Registry *registry);

/* Begin, wait for others who change the registry, and read it. To be ended whatever this says. */
_must_check_ ErrorCode registry_begin(Registry *registry, PGconn *conn, int64_t deadline_us,
                                      Error *err);

/* Commit when @code says so, and undo everything otherwise. Return: @code, or why it could not be committed. */
_must_check_ ErrorCode registry_end(Registry *registry, ErrorCode code, Error *err);

_must_check_ ErrorCode registry_run(Registry *registry, const char *sql, const char *what,
                                    Error *err);

/* From now on the transaction is about dropping a version: it waits for locks briefly only. */
_must_check_ ErrorCode registry_begin_drop(Registry *registry, const char *schema_name, Error *err);

/* The tables of a version go, or somebody is in the way. */
_must_check_ ErrorCode registry_drop_tables(Registry *registry, const char *schema_name,
                                            Error *err);

/* What is asked for; @version may be the answer. */
typedef struct RegistryWish {
        const Schema *schema;
        const char *view;
        const char *by;
        int version;
} RegistryWish;

typedef ErrorCode (*RegistryFn)(Registry *registry, RegistryWish *wish, Error *err);

/**
 * registry_transact() - run @fn in a transaction; again, while there are tables in use that it wants to drop
 *
 * Return: as @fn; ERROR_CONFLICT when they are in use to the end.
 */
_must_check_ ErrorCode registry_transact(PGconn *conn, RegistryFn fn, RegistryWish *wish,
                                         int64_t deadline_us, Error *err);
