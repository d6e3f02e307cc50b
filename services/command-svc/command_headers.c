#include "command_headers.h"

#include <errno.h>
#include <string.h>

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

static ErrorCode check_plain(const CommandHeaders *headers, CommandHeader which, Error *err)
{
        const char *text = headers->texts[which];

        if (text && !is_plain(text))
                return error_set_field(err, ERROR_MALFORMED, headers->names[which],
                                       "must be 1 to %d visible ASCII characters",
                                       HEADER_BYTES_MAX);
        return ERROR_NONE;
}

static void make_id(const char *key, CommandRequest *request)
{
        _cleanup_(buffer_deinit) Buffer name = BUFFER_INIT;

        request->id_given = key;
        if (!key) {
                request->id = uuid_new();
        } else if (!uuid_parse(key, strlen(key), &request->id)) {
                buffer_append(&name, request->actor_name, strlen(request->actor_name) + 1);
                buffer_append_string(&name, key);
                request->id = uuid_from_name(name.data, name.size);
        }
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

static ErrorCode read_expectation(const CommandHeaders *headers, CommandRequest *request,
                                  Error *err)
{
        const char *match = headers->texts[HEADER_IF_MATCH];
        const char *none_match = headers->texts[HEADER_IF_NONE_MATCH];

        if (match && none_match)
                return error_set_field(err, ERROR_MALFORMED, headers->names[HEADER_IF_NONE_MATCH],
                                       "cannot stand together with %s",
                                       headers->names[HEADER_IF_MATCH]);
        if (none_match) {
                if (strcmp(none_match, "*") != 0)
                        return error_set_field(err, ERROR_MALFORMED,
                                               headers->names[HEADER_IF_NONE_MATCH],
                                               "must be *: the aggregate must not exist");
                request->expect = EXPECT_MISSING;
        } else if (match && strcmp(match, "*") == 0) {
                request->expect = EXPECT_EXISTS;
        } else if (match) {
                if (!parse_version(match, &request->expected_version))
                        return error_set_field(err, ERROR_MALFORMED,
                                               headers->names[HEADER_IF_MATCH],
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

ErrorCode command_headers_identify(const CommandHeaders *headers, CommandRequest *request,
                                   char command_id[UUID_TEXT_SIZE], Error *err)
{
        ErrorCode code = check_plain(headers, HEADER_KEY, err);

        make_id(code ? NULL : headers->texts[HEADER_KEY], request);
        uuid_format(&request->id, command_id);
        request->correlation_id = command_id;
        request->identified = true;
        return code;
}

ErrorCode command_headers_apply(const CommandHeaders *headers, CommandRequest *request, Error *err)
{
        const char *traceparent = headers->texts[HEADER_TRACEPARENT];
        ErrorCode code;

        code = read_expectation(headers, request, err);
        if (!code)
                code = check_plain(headers, HEADER_CORRELATION_ID, err);
        if (code)
                return code;
        if (headers->texts[HEADER_CORRELATION_ID])
                request->correlation_id = headers->texts[HEADER_CORRELATION_ID];
        if (traceparent && is_traceparent(traceparent))
                request->traceparent = traceparent;
        return ERROR_NONE;
}
