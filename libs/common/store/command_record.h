#pragma once

/*
 * command_record.h — what the event store remembers of a command.
 */

#include "common/base/hash.h"
#include "common/base/uuid.h"
#include "common/pg/pg_conn.h"

typedef struct CommandRecord {
        uint8_t digest[HASH_SHA256_SIZE];
        char *command_type;
        char *aggregate_type;
        char *aggregate_id;
        int64_t version;     /* of the aggregate afterwards */
        int32_t event_count; /* its events end at version */
        int status;          /* HTTP status of the outcome */
        char *problem;       /* of a refusal, as it was stored; else NULL */
        int64_t received_at_us;
        int64_t stored_at_us;
        int32_t validated_us; /* after received_at_us */
        int32_t decided_us;   /* the same */
        char *actor;          /* who sent it */
} CommandRecord;

void command_record_free(CommandRecord *record);
DEFINE_CLEANUP(CommandRecord *, command_record_free)

/**
 * store_find_command() - the outcome of a command, if it has one
 *
 * A transaction that is still open is not seen. Who has to know what became of a batch whose COMMIT was
 * cut off sends it again: that waits for the first one's end, and stores nothing twice.
 *
 * Return: ERROR_NONE; ERROR_NOT_FOUND when no such command was stored; or as pg_exec().
 */
_must_check_ ErrorCode store_find_command(PGconn *conn, const Uuid *id, CommandRecord **ret,
                                          int64_t deadline_us, Error *err);
