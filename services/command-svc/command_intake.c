#include "command_intake.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "stored_problem.h"

void command_intake_deinit(CommandIntake *intake)
{
        buffer_deinit(&intake->actor_name);
}

static void read_actor(CommandIntake *intake, const Principal *principal, CommandRequest *request)
{
        request->actor = (Actor){
                .user = principal->user,
                .groups = (const char *const *)principal->groups,
                .n_groups = principal->n_groups,
                .api_key = principal->api_key,
        };
        buffer_clear(&intake->actor_name);
        buffer_append_string(&intake->actor_name, principal->name);
        request->actor_name = buffer_text(&intake->actor_name);
}

ErrorCode command_intake_identify(CommandIntake *intake, const CommandInput *input,
                                  CommandRequest *request, Error *err)
{
        request->received_us = input->received_us;
        request->type_name = input->type;
        request->type = domain_command(input->type, &request->aggregate_type);
        read_actor(intake, input->principal, request);
        return command_headers_identify(&input->headers, request, intake->command_id, err);
}

static ErrorCode read_payload(const CommandInput *input, CommandRequest *request, Error *err)
{
        Uuid fresh;
        ErrorCode code = payload_check(request->type, input->payload.text, input->payload.size,
                                       &request->payload, err);

        if (code && !err->field[0])
                (void)snprintf(err->field, sizeof err->field, "payload");
        if (code)
                return code;
        fresh = uuid_new();
        uuid_format(&fresh, request->fresh_id);
        request->aggregate_id = json_fields_string(&request->payload, request->type->id_field);
        if (!request->aggregate_id) {
                /* Made from the key: the same command sent twice at once meets itself at one aggregate, and so
                 * at one writer. */
                uuid_format(&request->id, request->made_id);
                request->aggregate_id = request->made_id;
                request->aggregate_is_new = true;
        }
        return ERROR_NONE;
}

/* Who asks for what: the same key with another digest is another command. */
static void make_digest(const CommandInput *input, CommandRequest *request)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        buffer_append(&text, request->type->name, strlen(request->type->name) + 1);
        buffer_append(&text, request->actor_name, strlen(request->actor_name) + 1);
        buffer_append(&text, input->payload.text, input->payload.size);
        hash_sha256(text.data, text.size, request->digest);
}

ErrorCode command_intake_read(CommandIntake *intake, const CommandInput *input,
                              CommandRequest *request, Error *err)
{
        ErrorCode code;

        code = request->identified ? ERROR_NONE
                                   : command_intake_identify(intake, input, request, err);
        if (!request->type)
                return error_set(err, ERROR_NOT_FOUND, "there is no command \"%s\"", input->type);
        if (!code)
                code = command_headers_apply(&input->headers, request, err);
        if (!code)
                code = read_payload(input, request, err);
        if (code)
                return code;
        make_digest(input, request);
        request->validated_us = clock_now_us();
        return ERROR_NONE;
}

ErrorCode command_intake_submit(const CommandApp *app, CommandRequest *request, Error *err)
{
        ErrorCode code;

        /* An aggregate has one writer, by its partition: nobody else here decides on it. */
        request->partition = command_request_choose_partition(request, app->config->partitions);
        running_commands_add(app->running, request);
        code = writer_submit(app->writers[(size_t)request->partition % app->n_writers], request,
                             err);
        if (code)
                running_commands_remove(app->running, request);
        return code;
}

/* The step that it did not get past: the first one without a time. */
static CommandStep failed_step(const CommandRequest *request)
{
        if (!request->validated_us)
                return STEP_VALIDATED;
        return atomic_load(&request->decided_us) ? STEP_STORED : STEP_DECIDED;
}

static int32_t offset_us(const CommandRequest *request, int64_t time_us)
{
        return time_us ? command_request_offset_us(request, time_us) : FAILURE_NOT_REACHED;
}

void command_intake_fail(const CommandApp *app, const CommandRequest *request, const Error *err,
                         int status)
{
        _cleanup_(buffer_deinit) Buffer problem = BUFFER_INIT;
        FailureRecord record;

        if (!request->identified)
                return;
        stored_problem_write(&problem, &(StoredProblem){ .error = *err, .version = -1 });
        record = (FailureRecord){
                .command_id = request->id,
                .actor = request->actor_name,
                .command_type = request->type_name,
                .aggregate_type = request->type ? request->aggregate_type->name : NULL,
                .aggregate_id = request->aggregate_id,
                .correlation_id = command_request_own_correlation_id(request),
                .step = failed_step(request),
                .status = status ? status : http_status_of(err->code),
                .problem = problem.data,
                .received_at_us = request->received_us,
                .validated_us = offset_us(request, request->validated_us),
                .decided_us = offset_us(request, atomic_load(&request->decided_us)),
                .failed_us = offset_us(request, clock_now_us()),
        };
        failure_queue_add(app->failures, &record);
}

void command_intake_settle(const CommandApp *app, CommandRequest *request)
{
        const CommandOutcome *outcome = &request->outcome;

        if (outcome->kind == OUTCOME_REFUSED && !outcome->recorded)
                command_intake_fail(app, request, &outcome->error, outcome->status);
        running_commands_remove(app->running, request);
}
