#include "append_batch.h"

#include <assert.h>
#include <stdlib.h>

#include "append.sql.h"
#include "common/pg/pg_params.h"
#include "stored_problem.h"

/* In the order of the function's parameters. */
enum {
        COMMAND_ID,
        COMMAND_DIGEST,
        COMMAND_TYPE,
        AGGREGATE_TYPE,
        AGGREGATE_ID,
        PARTITION,
        EXPECTED_VERSION,
        EVENT_COUNT,
        STATUS,
        PROBLEM,
        RECEIVED_AT,
        VALIDATED,
        DECIDED,
        ACTOR,
        EVENT_ID,
        EVENT_TYPE,
        EVENT_VERSION,
        EVENT_DATA,
        METADATA,
        CORRELATION_ID,
        N_ARRAYS,
};

static const PgArrayKind array_kinds[N_ARRAYS] = {
        [COMMAND_ID] = PG_ARRAY_UUID,       [COMMAND_DIGEST] = PG_ARRAY_BYTEA,
        [COMMAND_TYPE] = PG_ARRAY_TEXT,     [AGGREGATE_TYPE] = PG_ARRAY_TEXT,
        [AGGREGATE_ID] = PG_ARRAY_TEXT,     [PARTITION] = PG_ARRAY_INT4,
        [EXPECTED_VERSION] = PG_ARRAY_INT8, [EVENT_COUNT] = PG_ARRAY_INT4,
        [STATUS] = PG_ARRAY_INT2,           [PROBLEM] = PG_ARRAY_TEXT,
        [RECEIVED_AT] = PG_ARRAY_INT8,      [VALIDATED] = PG_ARRAY_INT4,
        [DECIDED] = PG_ARRAY_INT4,          [ACTOR] = PG_ARRAY_TEXT,
        [EVENT_ID] = PG_ARRAY_UUID,         [EVENT_TYPE] = PG_ARRAY_TEXT,
        [EVENT_VERSION] = PG_ARRAY_INT4,    [EVENT_DATA] = PG_ARRAY_TEXT,
        [METADATA] = PG_ARRAY_TEXT,         [CORRELATION_ID] = PG_ARRAY_TEXT,
};

struct AppendBatch {
        PgParams *params;
        size_t n_commands;
        size_t n_bytes;
        Buffer problem; /* scratch */
};

AppendBatch *append_batch_new(void)
{
        _cleanup_(append_batch_freep) AppendBatch *batch = calloc(1, sizeof *batch);

        if (!batch)
                return NULL;
        batch->params = pg_params_new();
        if (!batch->params)
                return NULL;
        append_batch_clear(batch);
        return TAKE_PTR(batch);
}

void append_batch_free(AppendBatch *batch)
{
        if (!batch)
                return;
        pg_params_free(batch->params);
        buffer_deinit(&batch->problem);
        free(batch);
}

void append_batch_clear(AppendBatch *batch)
{
        pg_params_clear(batch->params);
        for (int i = 0; i < N_ARRAYS; i++) {
                int array = pg_params_array(batch->params, array_kinds[i]);

                assert(array == i);
                (void)array;
        }
        batch->n_commands = batch->n_bytes = 0;
}

static void add_event(PgParams *params, const Event *event)
{
        pg_array_uuid(params, EVENT_ID, &event->id);
        pg_array_text(params, EVENT_TYPE, event->type);
        pg_array_int(params, EVENT_VERSION, event->version);
        pg_array_text_n(params, EVENT_DATA, event->data.text, event->data.size);
        pg_array_text_n(params, METADATA, event->metadata.text, event->metadata.size);
        pg_array_text(params, CORRELATION_ID, event->correlation_id);
}

void append_batch_add(AppendBatch *batch, const CommandRequest *request, int32_t partition,
                      int64_t decided_on)
{
        const CommandOutcome *outcome = &request->outcome;
        size_t n_events = outcome->events ? stored_events_count(outcome->events) : 0;
        PgParams *params = batch->params;

        pg_array_uuid(params, COMMAND_ID, &request->id);
        pg_array_bytes(params, COMMAND_DIGEST, request->digest, sizeof request->digest);
        pg_array_text(params, COMMAND_TYPE, request->type->name);
        pg_array_text(params, AGGREGATE_TYPE, request->aggregate_type->name);
        pg_array_text(params, AGGREGATE_ID, request->aggregate_id);
        pg_array_int(params, PARTITION, partition);
        pg_array_int(params, EXPECTED_VERSION, decided_on);
        pg_array_int(params, EVENT_COUNT, (int64_t)n_events);
        pg_array_int(params, STATUS, outcome->status);
        if (outcome->kind == OUTCOME_REFUSED) {
                StoredProblem problem = {
                        .error = outcome->error,
                        .version = outcome->version,
                        .correlation_id = command_request_own_correlation_id(request),
                };

                buffer_clear(&batch->problem);
                stored_problem_write(&batch->problem, &problem);
                pg_array_text_n(params, PROBLEM, batch->problem.data, batch->problem.size);
        } else {
                pg_array_null(params, PROBLEM);
        }
        pg_array_int(params, RECEIVED_AT, request->received_us);
        pg_array_int(params, VALIDATED, command_request_offset_us(request, request->validated_us));
        pg_array_int(params, DECIDED,
                     command_request_offset_us(request, atomic_load(&request->decided_us)));
        pg_array_text(params, ACTOR, request->actor_name);
        for (size_t i = 0; i < n_events; i++)
                add_event(params, stored_events_at(outcome->events, i));
        batch->n_commands++;
        batch->n_bytes += n_events ? stored_events_bytes(outcome->events) : 0;
}

size_t append_batch_count(const AppendBatch *batch)
{
        return batch->n_commands;
}

size_t append_batch_bytes(const AppendBatch *batch)
{
        return batch->n_bytes;
}

static int64_t result_int(const PGresult *res, int row, int column)
{
        return PQgetisnull(res, row, column) ? 0 : strtoll(PQgetvalue(res, row, column), NULL, 10);
}

ErrorCode append_batch_run(AppendBatch *batch, PGconn *conn, AppendResult *ret, int64_t deadline_us,
                           Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        code = pg_exec_prepared(conn, "append", sql_append, batch->params, &res, deadline_us,
                                "append events", err);
        if (code)
                return code;
        if ((size_t)PQntuples(res) != batch->n_commands)
                return error_set(err, ERROR_INTERNAL, "append answered %d of %zu commands",
                                 PQntuples(res), batch->n_commands);
        for (int i = 0; i < PQntuples(res); i++)
                ret[i] = (AppendResult){
                        .outcome = (AppendOutcome)result_int(res, i, 0),
                        .version = result_int(res, i, 1),
                        .partition = (int32_t)result_int(res, i, 2),
                        .first_position = result_int(res, i, 3),
                        .stored_at_us = result_int(res, i, 4),
                };
        return ERROR_NONE;
}
