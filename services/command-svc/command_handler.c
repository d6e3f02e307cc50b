#include "command_handler.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "command_answer.h"
#include "command_app.h"
#include "command_headers.h"
#include "command_wait.h"
#include "common/auth/principal.h"

/* Everything that a request points to, for as long as the handler runs. */
typedef struct Memory {
        CommandHeaders headers;
        CommandWait wait;
        Buffer actor_name;
        Buffer digest_text;
} Memory;

static void memory_deinit(Memory *memory)
{
        command_wait_deinit(&memory->wait);
        buffer_deinit(&memory->actor_name);
        buffer_deinit(&memory->digest_text);
}

static void read_actor(const HttpRequest *req, CommandRequest *request, Memory *memory)
{
        const Principal *principal = http_request_principal(req);

        request->actor = (Actor){
                .user = principal->user,
                .groups = (const char *const *)principal->groups,
                .n_groups = principal->n_groups,
                .api_key = principal->api_key,
        };
        buffer_append_string(&memory->actor_name, principal->api_key ? "api-key" : principal->user);
        request->actor_name = buffer_text(&memory->actor_name);
}

typedef struct Query {
        CommandWait *wait;
        Error *err;
        ErrorCode code;
} Query;

static void read_parameter(void *data, const char *name, const char *value)
{
        Query *query = data;

        if (query->code)
                return;
        if (strcmp(name, "wait") == 0 && !query->wait->text)
                query->code = command_wait_parse(value, query->wait, query->err);
        else
                query->code = error_set_field(query->err, ERROR_MALFORMED, name,
                                              "unknown query parameter \"%s\"", name);
}

static ErrorCode check_media_type(const HttpRequest *req, int *ret_status, Error *err)
{
        const char *type = http_request_header(req, "Content-Type");
        size_t size = type ? strcspn(type, "; ") : 0;

        if (!type || (size == strlen("application/json") &&
                      strncasecmp(type, "application/json", size) == 0))
                return ERROR_NONE;
        *ret_status = 415;
        return error_set_field(err, ERROR_MALFORMED, "Content-Type",
                               "send the command as application/json");
}

static ErrorCode read_payload(const HttpRequest *req, CommandRequest *request, Error *err)
{
        size_t size;
        const char *body = http_request_body(req, &size);
        Uuid fresh;
        ErrorCode code;

        code = payload_check(request->type, body, size, &request->payload, err);
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
static void make_digest(const HttpRequest *req, CommandRequest *request, Memory *memory)
{
        size_t size;
        const char *body = http_request_body(req, &size);
        Buffer *text = &memory->digest_text;

        buffer_append(text, request->type->name, strlen(request->type->name) + 1);
        buffer_append_char(text,
                           request->actor.api_key ? 'k' : 'u'); /* a user may be called "api-key" */
        buffer_append(text, request->actor_name, strlen(request->actor_name) + 1);
        buffer_append(text, body, size);
        hash_sha256(text->data, text->size, request->digest);
}

static ErrorCode read_request(const HttpRequest *req, CommandRequest *request, Memory *memory,
                              int *ret_status, Error *err)
{
        const char *name = http_request_param(req, "type");
        Query query = { .wait = &memory->wait, .err = err };
        ErrorCode code;

        request->received_us = http_request_received_us(req);
        request->type = domain_command(name, &request->aggregate_type);
        if (!request->type)
                return error_set(err, ERROR_NOT_FOUND, "there is no command \"%s\"", name);
        http_request_each_query(req, read_parameter, &query);
        if (query.code)
                return query.code;
        read_actor(req, request, memory);
        code = check_media_type(req, ret_status, err);
        if (!code)
                code = command_headers_read(req, request, &memory->headers, err);
        if (!code)
                code = read_payload(req, request, err);
        if (!code)
                make_digest(req, request, memory);
        return code;
}

/* An aggregate has one writer, by its partition: nobody else here decides on it. */
static Writer *choose_writer(const CommandApp *app, CommandRequest *request)
{
        uint64_t hash = hash_bytes(request->aggregate_id, strlen(request->aggregate_id));

        request->partition = (int32_t)(hash % (uint64_t)app->config->partitions);
        return app->writers[(size_t)request->partition % app->n_writers];
}

void handle_command(void *data, const HttpRequest *req, HttpResponse *res)
{
        CommandApp *app = data;
        _cleanup_(command_request_deinit) CommandRequest request;
        _cleanup_(memory_deinit) Memory memory = { .actor_name = BUFFER_INIT };
        Error err = ERROR_INIT;
        int status = 0;
        ErrorCode code;

        command_request_init(&request);
        code = read_request(req, &request, &memory, &status, &err);
        if (!code)
                code = writer_submit(choose_writer(app, &request), &request, &err);
        if (code) {
                http_response_problem_with(res, &err, status, NULL);
                return;
        }
        command_request_wait(&request);
        command_answer_send(app->pool, &request, &memory.wait, app->config->view_wait_ms, res);
}
