#include "command_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/event/event_codec.h"
#include "common/store/command_record.h"
#include "common/store/store.h"
#include "stored_problem.h"

#define LOOK_UP_TIMEOUT_US (2 * US_PER_SEC)

static void refuse(CommandAnswer *answer, const StoredProblem *problem, int status,
                   const Uuid *command_id)
{
        answer->status = status;
        answer->problem = problem->error;
        stored_problem_write_answer(&answer->body, problem, status, command_id);
}

void command_answer_deinit(CommandAnswer *answer)
{
        buffer_deinit(&answer->body);
}

/* Where an answer goes, and what has to happen first. */
typedef struct Maker {
        PgPool *pool;
        const CommandRequest *request;
        const CommandWait *wait;
        int64_t wait_ms;
        CommandAnswer *answer;
} Maker;

/* What an answer to a stored command is made of. */
typedef struct Result {
        const Uuid *command_id;
        const char *aggregate_type;
        const char *aggregate_id;
        int64_t version;
        const Event *events;
        size_t n_events;
        const Event
                *last; /* of the aggregate: where a read has to wait for; NULL when there is none */
} Result;

static void write_result(const Maker *maker, int status, const Result *result)
{
        CommandAnswer *answer = maker->answer;
        Buffer *body = &answer->body;
        char id[UUID_TEXT_SIZE];
        Token token = { .partition = 0 };

        uuid_format(result->command_id, id);
        json_write_object(body, NULL);
        json_write_string(body, "commandId", id);
        json_write_string(body, "aggregateType", result->aggregate_type);
        json_write_string(body, "aggregateId", result->aggregate_id);
        json_write_int(body, "version", result->version);
        json_write_array(body, "events");
        for (size_t i = 0; i < result->n_events; i++)
                event_encode(body, NULL, &result->events[i]);
        json_write_array_end(body);
        if (result->last) {
                (void)snprintf(token.aggregate_type, sizeof token.aggregate_type, "%s",
                               result->aggregate_type);
                token.partition = result->last->partition;
                token.position = result->last->position;
                token_format(&token, answer->token);
                if (maker->wait && maker->wait->views.n_names &&
                    !command_wait_views(maker->pool, maker->wait, &token, maker->wait_ms))
                        status = 202;
        }
        json_write_string(body, "consistencyToken", result->last ? answer->token : NULL);
        json_write_object_end(body);
        answer->status = status;
        answer->version = result->version;
}

/* The events of an aggregate from @first to @last; nothing is read when there are none. */
static ErrorCode read_events(PGconn *conn, const char *type, const char *id, int64_t first,
                             int64_t last, EventBatch **ret, Error *err)
{
        ErrorCode code;

        if (last < first)
                return ERROR_NONE;
        code = store_read_whole(conn, type, id, first - 1, (int)(last - first + 1), ret,
                                clock_monotonic_us() + LOOK_UP_TIMEOUT_US, err);
        if (!code && (*ret)->n_events != (size_t)(last - first + 1))
                return error_set(err, ERROR_INTERNAL, "%s \"%s\" lacks events that were stored",
                                 type, id);
        return code;
}

/* Without events of its own a command still names what a read has to see: the aggregate's last event. */
static ErrorCode write_from_store(const Maker *maker, PgLease **lease, int status, Result *result,
                                  size_t n_events, Error *err)
{
        _cleanup_(event_batch_freep) EventBatch *batch = NULL;
        int64_t first = result->version - (n_events ? (int64_t)n_events - 1 : 0);
        ErrorCode code;

        code = read_events(pg_lease_conn(*lease), result->aggregate_type, result->aggregate_id,
                           first > 0 ? first : 1, result->version, &batch, err);
        if (code)
                return code;
        if (batch) {
                result->last = &batch->events[batch->n_events - 1];
                result->events = batch->events;
                result->n_events = n_events;
        }
        pg_lease_return(TAKE_PTR(*lease)); /* waiting for views holds no connection */
        write_result(maker, status, result);
        return ERROR_NONE;
}

static ErrorCode write_record(const Maker *maker, PgLease **lease, Error *err)
{
        _cleanup_(command_record_freep) CommandRecord *record = NULL;
        const Uuid *id = &maker->request->id;
        Result result;
        ErrorCode code;

        code = store_find_command(pg_lease_conn(*lease), id, &record,
                                  clock_monotonic_us() + LOOK_UP_TIMEOUT_US, err);
        if (code == ERROR_NOT_FOUND) /* its time is over since the append saw it */
                return error_set(err, ERROR_UNAVAILABLE, "the key has just expired: send it again");
        if (code)
                return code;
        if (record->problem) {
                _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
                StoredProblem problem = { .error = ERROR_INIT };

                code = stored_problem_read(record->problem, &fields, &problem, err);
                if (!code)
                        refuse(maker->answer, &problem, record->status, id);
                return code;
        }
        result = (Result){
                .command_id = id,
                .aggregate_type = record->aggregate_type,
                .aggregate_id = record->aggregate_id,
                .version = record->version,
        };
        return write_from_store(maker, lease, record->status, &result, (size_t)record->event_count,
                                err);
}

static ErrorCode look_up_and_write(const Maker *maker, Error *err)
{
        const CommandRequest *request = maker->request;
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        Result result = {
                .command_id = &request->id,
                .aggregate_type = request->aggregate_type->name,
                .aggregate_id = request->aggregate_id,
                .version = request->outcome.version,
        };
        ErrorCode code;

        code = pg_pool_lease(maker->pool, &lease, clock_monotonic_us() + LOOK_UP_TIMEOUT_US, err);
        if (code)
                return code;
        if (request->outcome.kind != OUTCOME_REPEATED)
                return write_from_store(maker, &lease, request->outcome.status, &result, 0, err);
        maker->answer->is_replayed = true;
        return write_record(maker, &lease, err);
}

void command_answer_make(CommandAnswer *answer, PgPool *pool, const CommandRequest *request,
                         const CommandWait *wait, int64_t wait_ms)
{
        const CommandOutcome *outcome = &request->outcome;
        Maker maker = { pool, request, wait, wait_ms, answer };
        Error err = ERROR_INIT;

        if (outcome->kind == OUTCOME_REFUSED) {
                refuse(answer,
                       &(StoredProblem){ .error = outcome->error, .version = outcome->version },
                       outcome->status, &request->id);
        } else if (outcome->kind == OUTCOME_STORED && outcome->events) {
                size_t n = stored_events_count(outcome->events);

                write_result(&maker, outcome->status,
                             &(Result){ .command_id = &request->id,
                                        .aggregate_type = request->aggregate_type->name,
                                        .aggregate_id = request->aggregate_id,
                                        .version = outcome->version,
                                        .events = stored_events_at(outcome->events, 0),
                                        .n_events = n,
                                        .last = stored_events_at(outcome->events, n - 1) });
        } else if (look_up_and_write(&maker, &err)) {
                command_answer_refuse(answer, request, &err, 0);
        }
}

void command_answer_refuse(CommandAnswer *answer, const CommandRequest *request, const Error *err,
                           int status)
{
        refuse(answer, &(StoredProblem){ .error = *err, .version = -1 },
               status ? status : http_status_of(err->code),
               request->identified ? &request->id : NULL);
}

void command_answer_send(const CommandAnswer *answer, HttpResponse *res)
{
        char tag[32];

        if (answer->is_replayed)
                http_response_header(res, "Idempotent-Replayed", "true");
        if (answer->problem.code) {
                http_response_problem_text(res, &answer->problem, answer->status, &answer->body);
                return;
        }
        if (*answer->token)
                http_response_header(res, "X-Consistency-Token", answer->token);
        (void)snprintf(tag, sizeof tag, "\"%" PRId64 "\"", answer->version);
        http_response_header(res, "ETag", tag);
        http_response_json(res, answer->status, answer->body.data, answer->body.size);
}
