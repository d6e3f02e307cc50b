#include "common/store/command_record.h"

#include <stdlib.h>
#include <string.h>

#include "common/pg/pg_params.h"
#include "common/pg/pg_result.h"
#include "find_command.sql.h"

void command_record_free(CommandRecord *record)
{
        if (!record)
                return;
        free(record->command_type);
        free(record->aggregate_type);
        free(record->aggregate_id);
        free(record->problem);
        free(record->actor);
        free(record);
}

ErrorCode store_find_command(PGconn *conn, const Uuid *id, CommandRecord **ret, int64_t deadline_us,
                             Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(command_record_freep) CommandRecord *record = calloc(1, sizeof *record);
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        if (!params || !record)
                return error_no_memory(err);
        pg_params_uuid(params, id);
        pg_params_binary_result(params);
        code = pg_exec_prepared(conn, "find_command", sql_find_command, params, &res, deadline_us,
                                "find a command", err);
        if (code)
                return code;
        if (PQntuples(res) == 0)
                return error_set(err, ERROR_NOT_FOUND, "there is no such command");
        if (PQgetlength(res, 0, 0) == sizeof record->digest)
                memcpy(record->digest, PQgetvalue(res, 0, 0), sizeof record->digest);
        record->command_type = strdup(PQgetvalue(res, 0, 1));
        record->aggregate_type = strdup(PQgetvalue(res, 0, 2));
        record->aggregate_id = strdup(PQgetvalue(res, 0, 3));
        record->version = pg_result_int(res, 0, 4);
        record->event_count = (int32_t)pg_result_int(res, 0, 5);
        record->status = (int)pg_result_int(res, 0, 6);
        if (!PQgetisnull(res, 0, 7))
                record->problem = strdup(PQgetvalue(res, 0, 7));
        record->received_at_us = pg_result_time_us(res, 0, 8);
        record->stored_at_us = pg_result_time_us(res, 0, 9);
        record->validated_us = (int32_t)pg_result_int(res, 0, 10);
        record->decided_us = (int32_t)pg_result_int(res, 0, 11);
        record->actor = strdup(PQgetvalue(res, 0, 12));
        if (!record->actor || !record->command_type || !record->aggregate_type ||
            !record->aggregate_id || (!record->problem && !PQgetisnull(res, 0, 7)))
                return error_no_memory(err);
        *ret = TAKE_PTR(record);
        return ERROR_NONE;
}
