#include "common/store/command_record.h"

#include <stdlib.h>
#include <string.h>

#include "common/pg/pg_params.h"
#include "find_command.sql.h"

void command_record_free(CommandRecord *record)
{
        if (!record)
                return;
        free(record->command_type);
        free(record->aggregate_type);
        free(record->aggregate_id);
        free(record->problem);
        free(record);
}

ErrorCode store_find_command(PGconn *conn, const Uuid *id, CommandRecord **ret, int64_t deadline_us,
                             Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(command_record_freep) CommandRecord *record = calloc(1, sizeof *record);
        _cleanup_(PQclearp) PGresult *res = NULL;
        unsigned char *digest;
        size_t size;
        ErrorCode code;

        if (!params || !record)
                return error_no_memory(err);
        pg_params_uuid(params, id);
        code = pg_exec_prepared(conn, "find_command", sql_find_command, params, &res, deadline_us,
                                "find a command", err);
        if (code)
                return code;
        if (PQntuples(res) == 0)
                return error_set(err, ERROR_NOT_FOUND, "there is no such command");
        digest = PQunescapeBytea((const unsigned char *)PQgetvalue(res, 0, 0), &size);
        if (digest && size == sizeof record->digest)
                memcpy(record->digest, digest, size);
        PQfreemem(digest);
        record->command_type = strdup(PQgetvalue(res, 0, 1));
        record->aggregate_type = strdup(PQgetvalue(res, 0, 2));
        record->aggregate_id = strdup(PQgetvalue(res, 0, 3));
        record->version = strtoll(PQgetvalue(res, 0, 4), NULL, 10);
        record->event_count = (int32_t)strtol(PQgetvalue(res, 0, 5), NULL, 10);
        record->status = (int)strtol(PQgetvalue(res, 0, 6), NULL, 10);
        if (!PQgetisnull(res, 0, 7))
                record->problem = strdup(PQgetvalue(res, 0, 7));
        *ret = TAKE_PTR(record);
        return ERROR_NONE;
}
