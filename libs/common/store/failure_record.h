#pragma once

/*
 * failure_record.h — what is remembered of a command that failed before anything was stored.
 */

#include "common/base/uuid.h"
#include "common/pg/pg_conn.h"
#include "common/store/command_steps.h"

#define FAILURE_NOT_REACHED (-1)

typedef struct FailureRecord {
        Uuid command_id;
        const char *actor;
        const char *command_type;
        const char *aggregate_type; /* NULL as far as it is not known, as the next two */
        const char *aggregate_id;
        const char *correlation_id;
        CommandStep step;    /* the one that failed */
        int status;          /* HTTP */
        const char *problem; /* as refusals are stored */
        int64_t received_at_us;
        int32_t validated_us; /* after received_at_us; FAILURE_NOT_REACHED, as the next */
        int32_t decided_us;
        int32_t failed_us; /* after received_at_us */
} FailureRecord;

/**
 * failure_record_new() - a copy of @from, in one piece of memory
 *
 * Return: NULL when out of memory.
 */
FailureRecord *failure_record_new(const FailureRecord *from);
void failure_record_free(FailureRecord *record);
DEFINE_CLEANUP(FailureRecord *, failure_record_free)
size_t failure_record_bytes(const FailureRecord *record);

/* Write them all; of several with one id and actor, also those that are there already, the last is kept. */
_must_check_ ErrorCode store_note_failures(PGconn *conn, const FailureRecord *const *records,
                                           size_t n_records, int64_t deadline_us, Error *err);

/**
 * store_find_failure() - the last failure of a command
 * @actor:  whose; NULL: anybody's
 *
 * Return: ERROR_NONE; ERROR_NOT_FOUND; or as pg_exec().
 */
_must_check_ ErrorCode store_find_failure(PGconn *conn, const Uuid *id, const char *actor,
                                          FailureRecord **ret, int64_t deadline_us, Error *err);
