#include "command_headers.h"

#include <errno.h>
#include <string.h>

#include "common/auth/principal.h"

#define HEADER_BYTES_MAX 128

/* Visible ASCII, 1 to HEADER_BYTES_MAX bytes. */
static bool is_plain(const char *text)
{
        size_t size = strlen(text);

        for (size_t i = 0; i < size; i++)
                if (text[i] <= ' ' || text[i] > '~')
                        return false;
        return size >= 1 && size <= HEADER_BYTES_MAX;
}

static ErrorCode read_plain(const HttpRequest *req, const char *name, const char **ret, Error *err)
{
        const char *text = http_request_header(req, name);

        if (text && !is_plain(text))
                return error_set_field(err, ERROR_MALFORMED, name,
                                       "must be 1 to %d visible ASCII characters",
                                       HEADER_BYTES_MAX);
        *ret = text;
        return ERROR_NONE;
}

static ErrorCode read_key(const HttpRequest *req, CommandRequest *request, Error *err)
{
        _cleanup_(buffer_deinit) Buffer name = BUFFER_INIT;
        const char *key = NULL;
        ErrorCode code = read_plain(req, "Idempotency-Key", &key, err);

        if (code)
                return code;
        request->id_given = key;
        if (!key) {
                request->id = uuid_new();
        } else if (!uuid_parse(key, strlen(key), &request->id)) {
                buffer_append_char(&name, request->actor.api_key ? 'k' : 'u');
                buffer_append(&name, request->actor_name, strlen(request->actor_name) + 1);
                buffer_append_string(&name, key);
                request->id = uuid_from_name(name.data, name.size);
        }
        return ERROR_NONE;
}

/* "3", quoted as entity tags are. */
static bool parse_version(const char *text, int64_t *ret)
{
        char *end;

        if (text[0] != '"' || text[1] < '0' || text[1] > '9')
                return false;
        errno = 0;
        *ret = strtoll(text + 1, &end, 10);
        return !errno && strcmp(end, "\"") == 0;
}

static ErrorCode read_expectation(const HttpRequest *req, CommandRequest *request, Error *err)
{
        const char *match = http_request_header(req, "If-Match");
        const char *none_match = http_request_header(req, "If-None-Match");

        if (match && none_match)
                return error_set_field(err, ERROR_MALFORMED, "If-None-Match",
                                       "cannot stand together with If-Match");
        if (none_match) {
                if (strcmp(none_match, "*") != 0)
                        return error_set_field(err, ERROR_MALFORMED, "If-None-Match",
                                               "must be *: the aggregate must not exist");
                request->expect = EXPECT_MISSING;
        } else if (match && strcmp(match, "*") == 0) {
                request->expect = EXPECT_EXISTS;
        } else if (match) {
                if (!parse_version(match, &request->expected_version))
                        return error_set_field(err, ERROR_MALFORMED, "If-Match",
                                               "must be * or a version in quotes, such as \"3\"");
                request->expect = EXPECT_VERSION;
        }
        return ERROR_NONE;
}

/* Version 00 of W3C trace context: 00-<32 hex>-<16 hex>-<2 hex>, lower case. */
static bool is_traceparent(const char *text)
{
        static const char form[] = "00-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";

        if (strlen(text) != sizeof form - 1)
                return false;
        for (size_t i = 0; form[i]; i++) {
                bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');

                if (form[i] == 'h' ? !hex : text[i] != form[i])
                        return false;
        }
        return true;
}

ErrorCode command_headers_read(const HttpRequest *req, CommandRequest *request,
                               CommandHeaders *memory, Error *err)
{
        const char *traceparent = http_request_header(req, "traceparent");
        ErrorCode code;

        code = read_key(req, request, err);
        if (!code)
                code = read_expectation(req, request, err);
        if (!code)
                code = read_plain(req, "X-Correlation-Id", &request->correlation_id, err);
        if (code)
                return code;
        uuid_format(&request->id, memory->command_id);
        if (!request->correlation_id)
                request->correlation_id = memory->command_id;
        if (traceparent && is_traceparent(traceparent))
                request->traceparent = traceparent;
        return ERROR_NONE;
}
