#include "command_intake.h"

#include <stdio.h>
#include <string.h>

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

        request->received_us = input->received_us;
        request->type = domain_command(input->type, &request->aggregate_type);
        if (!request->type)
                return error_set(err, ERROR_NOT_FOUND, "there is no command \"%s\"", input->type);
        read_actor(intake, input->principal, request);
        code = command_headers_apply(&input->headers, request, intake->command_id, err);
        if (!code)
                code = read_payload(input, request, err);
        if (!code)
                make_digest(input, request);
        return code;
}

ErrorCode command_intake_submit(const CommandApp *app, CommandRequest *request, Error *err)
{
        uint64_t hash = hash_bytes(request->aggregate_id, strlen(request->aggregate_id));

        /* An aggregate has one writer, by its partition: nobody else here decides on it. */
        request->partition = (int32_t)(hash % (uint64_t)app->config->partitions);
        return writer_submit(app->writers[(size_t)request->partition % app->n_writers], request,
                             err);
}
