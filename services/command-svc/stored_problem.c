#include "stored_problem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/json_writer.h"
#include "common/http/http.h"

void stored_problem_write(Buffer *buffer, const StoredProblem *problem)
{
        json_write_object(buffer, NULL);
        json_write_string(buffer, "code", error_code_name(problem->error.code));
        json_write_string(buffer, "field", problem->error.field);
        json_write_string(buffer, "message", problem->error.message);
        json_write_int(buffer, "version", problem->version);
        if (problem->correlation_id)
                json_write_string(buffer, "correlationId", problem->correlation_id);
        json_write_object_end(buffer);
}

static ErrorCode find_code(const char *name)
{
        for (int code = ERROR_NONE + 1; code < ERROR_CODE_COUNT; code++)
                if (strcmp(error_code_name((ErrorCode)code), name) == 0)
                        return (ErrorCode)code;
        return ERROR_NONE;
}

ErrorCode stored_problem_read(const char *text, JsonFields *fields, StoredProblem *ret, Error *err)
{
        const char *code, *field, *message;

        if (json_fields_parse(fields, text, strlen(text), err))
                return error_set(err, ERROR_INTERNAL, "the stored refusal cannot be read");
        code = json_fields_string(fields, "code");
        field = json_fields_string(fields, "field");
        message = json_fields_string(fields, "message");
        if (!code || !find_code(code) || !field || !message ||
            !json_fields_int64(fields, "version", &ret->version))
                return error_set(err, ERROR_INTERNAL, "the stored refusal cannot be read");
        (void)error_set_field(&ret->error, find_code(code), field, "%s", message);
        ret->correlation_id = json_fields_string(fields, "correlationId");
        return ERROR_NONE;
}

void stored_problem_write_answer(Buffer *buffer, const StoredProblem *problem, int status,
                                 const Uuid *command_id)
{
        bool has_version = problem->error.code == ERROR_CONFLICT && problem->version >= 0;
        char id[UUID_TEXT_SIZE], extra[128] = "";
        size_t n = 0;

        if (has_version)
                n = (size_t)snprintf(extra, sizeof extra, "\"currentVersion\":%" PRId64 "%s",
                                     problem->version, command_id ? "," : "");
        if (command_id) {
                uuid_format(command_id, id);
                (void)snprintf(extra + n, sizeof extra - n, "\"commandId\":\"%s\"", id);
        }
        http_problem_write(buffer, &problem->error, status, *extra ? extra : NULL);
}
