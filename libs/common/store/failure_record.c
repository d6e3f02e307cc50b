#include "common/store/failure_record.h"

#include <stdlib.h>
#include <string.h>

#include "common/pg/pg_params.h"
#include "common/pg/pg_result.h"
#include "find_failure.sql.h"
#include "note_failures.sql.h"

/* In the order of the function's parameters. */
enum {
        COMMAND_ID,
        ACTOR,
        COMMAND_TYPE,
        AGGREGATE_TYPE,
        AGGREGATE_ID,
        CORRELATION_ID,
        STEP,
        STATUS,
        PROBLEM,
        RECEIVED_AT,
        VALIDATED,
        DECIDED,
        FAILED,
        N_ARRAYS,
};

static const PgArrayKind kinds[N_ARRAYS] = {
        [COMMAND_ID] = PG_ARRAY_UUID,   [ACTOR] = PG_ARRAY_TEXT,
        [COMMAND_TYPE] = PG_ARRAY_TEXT, [AGGREGATE_TYPE] = PG_ARRAY_TEXT,
        [AGGREGATE_ID] = PG_ARRAY_TEXT, [CORRELATION_ID] = PG_ARRAY_TEXT,
        [STEP] = PG_ARRAY_TEXT,         [STATUS] = PG_ARRAY_INT2,
        [PROBLEM] = PG_ARRAY_TEXT,      [RECEIVED_AT] = PG_ARRAY_INT8,
        [VALIDATED] = PG_ARRAY_INT4,    [DECIDED] = PG_ARRAY_INT4,
        [FAILED] = PG_ARRAY_INT4,
};

static size_t text_size(const char *text)
{
        return text ? strlen(text) + 1 : 0;
}

static const char *append(char **p, const char *text)
{
        size_t size = text_size(text);
        char *start = *p;

        if (!text)
                return NULL;
        memcpy(start, text, size);
        *p += size;
        return start;
}

size_t failure_record_bytes(const FailureRecord *record)
{
        return sizeof *record + text_size(record->actor) + text_size(record->command_type) +
               text_size(record->aggregate_type) + text_size(record->aggregate_id) +
               text_size(record->correlation_id) + text_size(record->problem);
}

FailureRecord *failure_record_new(const FailureRecord *from)
{
        FailureRecord *record = malloc(failure_record_bytes(from));
        char *p = (char *)(record + 1);

        if (!record)
                return NULL;
        *record = *from;
        record->actor = append(&p, from->actor);
        record->command_type = append(&p, from->command_type);
        record->aggregate_type = append(&p, from->aggregate_type);
        record->aggregate_id = append(&p, from->aggregate_id);
        record->correlation_id = append(&p, from->correlation_id);
        record->problem = append(&p, from->problem);
        return record;
}

void failure_record_free(FailureRecord *record)
{
        free(record);
}

static void add_offset(PgParams *params, int array, int32_t offset_us)
{
        if (offset_us == FAILURE_NOT_REACHED)
                pg_array_null(params, array);
        else
                pg_array_int(params, array, offset_us);
}

ErrorCode store_note_failures(PGconn *conn, const FailureRecord *const *records, size_t n_records,
                              int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();

        if (!params)
                return error_no_memory(err);
        for (int i = 0; i < N_ARRAYS; i++)
                (void)pg_params_array(params, kinds[i]);
        for (size_t i = 0; i < n_records; i++) {
                const FailureRecord *record = records[i];

                pg_array_uuid(params, COMMAND_ID, &record->command_id);
                pg_array_text(params, ACTOR, record->actor);
                pg_array_text(params, COMMAND_TYPE, record->command_type);
                pg_array_text(params, AGGREGATE_TYPE, record->aggregate_type);
                pg_array_text(params, AGGREGATE_ID, record->aggregate_id);
                pg_array_text(params, CORRELATION_ID, record->correlation_id);
                pg_array_text(params, STEP, command_steps[record->step].name);
                pg_array_int(params, STATUS, record->status);
                pg_array_text(params, PROBLEM, record->problem);
                pg_array_int(params, RECEIVED_AT, record->received_at_us);
                add_offset(params, VALIDATED, record->validated_us);
                add_offset(params, DECIDED, record->decided_us);
                pg_array_int(params, FAILED, record->failed_us);
        }
        return pg_exec_prepared(conn, "note_failures", sql_note_failures, params, NULL, deadline_us,
                                "note failed commands", err);
}

static char *text_of(const PGresult *res, int column)
{
        return PQgetisnull(res, 0, column) ? NULL : PQgetvalue(res, 0, column);
}

static int32_t offset_of(const PGresult *res, int column)
{
        return PQgetisnull(res, 0, column) ? FAILURE_NOT_REACHED
                                           : (int32_t)pg_result_int(res, 0, column);
}

ErrorCode store_find_failure(PGconn *conn, const Uuid *id, const char *actor, FailureRecord **ret,
                             int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        FailureRecord found;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_uuid(params, id);
        pg_params_text(params, actor);
        pg_params_binary_result(params);
        code = pg_exec_prepared(conn, "find_failure", sql_find_failure, params, &res, deadline_us,
                                "find a failed command", err);
        if (code)
                return code;
        if (PQntuples(res) == 0)
                return error_set(err, ERROR_NOT_FOUND, "there is no such command");
        found = (FailureRecord){
                .command_id = *id,
                .actor = text_of(res, 0),
                .command_type = text_of(res, 1),
                .aggregate_type = text_of(res, 2),
                .aggregate_id = text_of(res, 3),
                .correlation_id = text_of(res, 4),
                .step = command_step_find(PQgetvalue(res, 0, 5)),
                .status = (int)pg_result_int(res, 0, 6),
                .problem = text_of(res, 7),
                .received_at_us = pg_result_time_us(res, 0, 8),
                .validated_us = offset_of(res, 9),
                .decided_us = offset_of(res, 10),
                .failed_us = offset_of(res, 11),
        };
        *ret = failure_record_new(&found);
        return *ret ? ERROR_NONE : error_no_memory(err);
}
