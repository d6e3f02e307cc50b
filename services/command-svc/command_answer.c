#include "command_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/event/event_codec.h"
#include "common/event/token.h"
#include "common/store/command_record.h"
#include "common/store/store.h"

#define LOOK_UP_TIMEOUT_US (2 * US_PER_SEC)

void command_answer_write_problem(Buffer *buffer, const CommandOutcome *outcome)
{
        json_write_object(buffer, NULL);
        json_write_string(buffer, "code", error_code_name(outcome->error.code));
        json_write_string(buffer, "field", outcome->error.field);
        json_write_string(buffer, "message", outcome->error.message);
        json_write_int(buffer, "version", outcome->version);
        json_write_object_end(buffer);
}

static ErrorCode find_code(const char *name)
{
        for (int code = ERROR_NONE + 1; code < ERROR_CODE_COUNT; code++)
                if (strcmp(error_code_name((ErrorCode)code), name) == 0)
                        return (ErrorCode)code;
        return ERROR_NONE;
}

ErrorCode command_answer_read_problem(const char *text, Error *ret_problem, int64_t *ret_version,
                                      Error *err)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        const char *code, *field, *message;
        int64_t version;

        if (json_fields_parse(&fields, text, strlen(text), err))
                return error_set(err, ERROR_INTERNAL, "the stored refusal cannot be read");
        code = json_fields_string(&fields, "code");
        field = json_fields_string(&fields, "field");
        message = json_fields_string(&fields, "message");
        if (!code || !find_code(code) || !field || !message ||
            !json_fields_int64(&fields, "version", &version))
                return error_set(err, ERROR_INTERNAL, "the stored refusal cannot be read");
        (void)error_set_field(ret_problem, find_code(code), field, "%s", message);
        *ret_version = version;
        return ERROR_NONE;
}

static void send_refusal(HttpResponse *res, const Error *problem, int status, int64_t version)
{
        char extra[64];

        (void)snprintf(extra, sizeof extra, "\"currentVersion\":%" PRId64, version);
        http_response_problem_with(res, problem, status,
                                   problem->code == ERROR_CONFLICT ? extra : NULL);
}

/* Where an answer goes, and what has to happen first. */
typedef struct Sender {
        PgPool *pool;
        const CommandRequest *request;
        const CommandWait *wait;
        int64_t wait_ms;
        HttpResponse *res;
} Sender;

/* What an answer to a stored command is made of. */
typedef struct Answer {
        const Uuid *command_id;
        const char *aggregate_type;
        const char *aggregate_id;
        int64_t version;
        const Event *events;
        size_t n_events;
        const Event
                *last; /* of the aggregate: where a read has to wait for; NULL when there is none */
} Answer;

static void send_answer(const Sender *sender, int status, const Answer *answer)
{
        HttpResponse *res = sender->res;
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        char text[TOKEN_TEXT_SIZE], id[UUID_TEXT_SIZE], tag[32];
        Token token = { .partition = 0 };

        uuid_format(answer->command_id, id);
        json_write_object(&body, NULL);
        json_write_string(&body, "commandId", id);
        json_write_string(&body, "aggregateType", answer->aggregate_type);
        json_write_string(&body, "aggregateId", answer->aggregate_id);
        json_write_int(&body, "version", answer->version);
        json_write_array(&body, "events");
        for (size_t i = 0; i < answer->n_events; i++)
                event_encode(&body, NULL, &answer->events[i]);
        json_write_array_end(&body);
        if (answer->last) {
                (void)snprintf(token.aggregate_type, sizeof token.aggregate_type, "%s",
                               answer->aggregate_type);
                token.partition = answer->last->partition;
                token.position = answer->last->position;
                token_format(&token, text);
                if (sender->wait->views.n_names &&
                    !command_wait_views(sender->pool, sender->wait, &token, sender->wait_ms))
                        status = 202;
                http_response_header(res, "X-Consistency-Token", text);
        }
        json_write_string(&body, "consistencyToken", answer->last ? text : NULL);
        json_write_object_end(&body);
        (void)snprintf(tag, sizeof tag, "\"%" PRId64 "\"", answer->version);
        http_response_header(res, "ETag", tag);
        http_response_json(res, status, body.data, body.size);
}

/* The events of an aggregate from @first to @last; nothing is read when there are none. */
static ErrorCode read_events(PGconn *conn, const char *type, const char *id, int64_t first,
                             int64_t last, EventBatch **ret, Error *err)
{
        ErrorCode code;

        if (last < first)
                return ERROR_NONE;
        code = store_read_stream(conn, type, id, first - 1, (int)(last - first + 1), ret,
                                 clock_monotonic_us() + LOOK_UP_TIMEOUT_US, err);
        if (!code && (*ret)->n_events != (size_t)(last - first + 1))
                return error_set(err, ERROR_INTERNAL, "%s \"%s\" lacks events that were stored",
                                 type, id);
        return code;
}

/* Without events of its own a command still names what a read has to see: the aggregate's last event. */
static ErrorCode send_from_store(const Sender *sender, PgLease **lease, int status, Answer *answer,
                                 size_t n_events, Error *err)
{
        _cleanup_(event_batch_freep) EventBatch *batch = NULL;
        int64_t first = answer->version - (n_events ? (int64_t)n_events - 1 : 0);
        ErrorCode code;

        code = read_events(pg_lease_conn(*lease), answer->aggregate_type, answer->aggregate_id,
                           first > 0 ? first : 1, answer->version, &batch, err);
        if (code)
                return code;
        if (batch) {
                answer->last = &batch->events[batch->n_events - 1];
                answer->events = batch->events;
                answer->n_events = n_events;
        }
        pg_lease_return(TAKE_PTR(*lease)); /* waiting for views holds no connection */
        send_answer(sender, status, answer);
        return ERROR_NONE;
}

static ErrorCode send_record(const Sender *sender, PgLease **lease, Error *err)
{
        _cleanup_(command_record_freep) CommandRecord *record = NULL;
        const Uuid *id = &sender->request->id;
        Answer answer;
        Error problem = ERROR_INIT;
        int64_t version = 0;
        ErrorCode code;

        code = store_find_command(pg_lease_conn(*lease), id, &record,
                                  clock_monotonic_us() + LOOK_UP_TIMEOUT_US, err);
        if (code)
                return code;
        if (record->problem) {
                code = command_answer_read_problem(record->problem, &problem, &version, err);
                if (!code)
                        send_refusal(sender->res, &problem, record->status, version);
                return code;
        }
        answer = (Answer){
                .command_id = id,
                .aggregate_type = record->aggregate_type,
                .aggregate_id = record->aggregate_id,
                .version = record->version,
        };
        return send_from_store(sender, lease, record->status, &answer, (size_t)record->event_count,
                               err);
}

static ErrorCode look_up_and_send(const Sender *sender, Error *err)
{
        const CommandRequest *request = sender->request;
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        Answer answer = {
                .command_id = &request->id,
                .aggregate_type = request->aggregate_type->name,
                .aggregate_id = request->aggregate_id,
                .version = request->outcome.version,
        };
        ErrorCode code;

        code = pg_pool_lease(sender->pool, &lease, clock_monotonic_us() + LOOK_UP_TIMEOUT_US, err);
        if (code)
                return code;
        if (request->outcome.kind != OUTCOME_REPEATED)
                return send_from_store(sender, &lease, request->outcome.status, &answer, 0, err);
        http_response_header(sender->res, "Idempotent-Replayed", "true");
        return send_record(sender, &lease, err);
}

void command_answer_send(PgPool *pool, const CommandRequest *request, const CommandWait *wait,
                         int64_t wait_ms, HttpResponse *res)
{
        const CommandOutcome *outcome = &request->outcome;
        Sender sender = { pool, request, wait, wait_ms, res };
        Error err = ERROR_INIT;

        if (outcome->kind == OUTCOME_REFUSED) {
                send_refusal(res, &outcome->error, outcome->status, outcome->version);
        } else if (outcome->kind == OUTCOME_STORED && outcome->events) {
                size_t n = stored_events_count(outcome->events);

                send_answer(&sender, outcome->status,
                            &(Answer){ .command_id = &request->id,
                                       .aggregate_type = request->aggregate_type->name,
                                       .aggregate_id = request->aggregate_id,
                                       .version = outcome->version,
                                       .events = stored_events_at(outcome->events, 0),
                                       .n_events = n,
                                       .last = stored_events_at(outcome->events, n - 1) });
        } else if (look_up_and_send(&sender, &err)) {
                http_response_problem(res, &err);
        }
}
