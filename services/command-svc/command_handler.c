#include "command_handler.h"

#include <string.h>
#include <strings.h>

#include "command_answer.h"
#include "command_app.h"
#include "command_intake.h"
#include "command_wait.h"

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

static void read_headers(const HttpRequest *req, CommandHeaders *headers)
{
        static const char *const names[COMMAND_HEADER_COUNT] = {
                [HEADER_KEY] = "Idempotency-Key",
                [HEADER_IF_MATCH] = "If-Match",
                [HEADER_IF_NONE_MATCH] = "If-None-Match",
                [HEADER_CORRELATION_ID] = "X-Correlation-Id",
                [HEADER_TRACEPARENT] = "traceparent",
        };

        headers->names = names;
        for (size_t i = 0; i < COMMAND_HEADER_COUNT; i++)
                headers->texts[i] = http_request_header(req, names[i]);
}

static ErrorCode read_request(const HttpRequest *req, CommandIntake *intake, CommandWait *wait,
                              CommandRequest *request, int *ret_status, Error *err)
{
        CommandInput input = {
                .type = http_request_param(req, "type"),
                .principal = http_request_principal(req),
                .received_us = http_request_received_us(req),
        };
        Query query = { .wait = wait, .err = err };

        read_headers(req, &input.headers);
        query.code = command_intake_identify(intake, &input, request, err);
        if (!query.code)
                http_request_each_query(req, read_parameter, &query);
        if (!query.code)
                query.code = check_media_type(req, ret_status, err);
        if (query.code)
                return query.code;
        input.payload.text = http_request_body(req, &input.payload.size);
        return command_intake_read(intake, &input, request, err);
}

void handle_command(void *data, const HttpRequest *req, HttpResponse *res)
{
        CommandApp *app = data;
        _cleanup_(command_intake_deinit) CommandIntake intake = COMMAND_INTAKE_INIT;
        _cleanup_(command_wait_deinit) CommandWait wait = { .text = NULL };
        _cleanup_(command_answer_deinit) CommandAnswer answer = COMMAND_ANSWER_INIT;
        _cleanup_(command_request_deinit) CommandRequest request;
        Error err = ERROR_INIT;
        int status = 0;
        ErrorCode code;

        command_request_init(&request);
        code = read_request(req, &intake, &wait, &request, &status, &err);
        if (!code)
                code = command_intake_submit(app, &request, &err);
        if (code) {
                command_intake_fail(app, &request, &err, status);
                command_answer_refuse(&answer, &request, &err, status);
        } else {
                command_request_wait(&request);
                command_intake_settle(app, &request);
                command_answer_make(&answer, app->pool, &request, &wait, app->config->view_wait_ms);
        }
        command_answer_send(&answer, res);
}
