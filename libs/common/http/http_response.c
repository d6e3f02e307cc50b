#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/base/json_writer.h"
#include "common/base/utf8.h"
#include "common/http/http_exchange.h"

/* Statuses that are answered as problems: the last part of their type, and their title. */
static const struct {
        int status;
        const char *slug;
        const char *title;
} problems[] = {
        { 400, "malformed", "Bad Request" },
        { 401, "unauthenticated", "Unauthorized" },
        { 403, "forbidden", "Forbidden" },
        { 404, "not-found", "Not Found" },
        { 405, "method-not-allowed", "Method Not Allowed" },
        { 406, "not-acceptable", "Not Acceptable" },
        { 408, "timeout", "Request Timeout" },
        { 409, "conflict", "Conflict" },
        { 410, "gone", "Gone" },
        { 412, "precondition-failed", "Precondition Failed" },
        { 413, "too-large", "Content Too Large" },
        { 415, "unsupported-media-type", "Unsupported Media Type" },
        { 422, "invalid", "Unprocessable Content" },
        { 426, "upgrade-required", "Upgrade Required" },
        { 428, "precondition-required", "Precondition Required" },
        { 429, "too-many-requests", "Too Many Requests" },
        { 431, "headers-too-large", "Request Header Fields Too Large" },
        { 500, "internal", "Internal Server Error" },
        { 501, "unsupported", "Unsupported" },
        { 503, "unavailable", "Service Unavailable" },
        { 504, "timeout", "Gateway Timeout" },
        { 505, "version-not-supported", "HTTP Version Not Supported" },
};

static const int statuses[ERROR_CODE_COUNT] = {
        [ERROR_NONE] = 500,      [ERROR_MALFORMED] = 400, [ERROR_UNAUTHENTICATED] = 401,
        [ERROR_FORBIDDEN] = 403, [ERROR_INVALID] = 422,   [ERROR_NOT_FOUND] = 404,
        [ERROR_CONFLICT] = 409,  [ERROR_TOO_LARGE] = 413, [ERROR_UNAVAILABLE] = 503,
        [ERROR_INTERNAL] = 500,
};

int http_status_of(ErrorCode code)
{
        assert(code >= 0 && code < ERROR_CODE_COUNT);
        return statuses[code];
}

void http_response_header(HttpResponse *res, const char *name, const char *value)
{
        const char *bad = value;
        _cleanup_(freep) char *clean = NULL;

        while ((unsigned char)*bad >= 0x20 && *bad != 0x7f)
                bad++;
        if (*bad) { /* whatever it came from, it must not become a header of its own */
                clean = strdup(value);
                if (!clean)
                        return;
                for (char *p = clean; *p; p++) {
                        if ((unsigned char)*p < 0x20 || *p == 0x7f)
                                *p = '?';
                }
                value = clean;
        }
        (void)u_map_remove_from_key_case(res->ulfius->map_header, name);
        (void)u_map_put(res->ulfius->map_header, name, value);
}

static void fill(HttpResponse *res, int status, const char *content_type, const char *text,
                 size_t size)
{
        assert(status >= 200 && status <= 599);
        res->is_filled = true;
        (void)ulfius_set_binary_body_response(res->ulfius, (unsigned)status, text, size);
        http_response_header(res, "Content-Type", content_type);
}

void http_response_json(HttpResponse *res, int status, const char *text, size_t size)
{
        fill(res, status, "application/json", text, size);
}

void http_response_text(HttpResponse *res, int status, const char *content_type, const char *text)
{
        fill(res, status, content_type, text, strlen(text));
}

void http_response_empty(HttpResponse *res, int status)
{
        res->is_filled = true;
        (void)ulfius_set_empty_body_response(res->ulfius, (unsigned)status);
}

/* Texts of an Error have a fixed size: the cut may have gone through a character. */
static void write_cut(Buffer *buffer, const char *key, const char *text)
{
        json_write_string_n(buffer, key, text, utf8_prefix(text, strlen(text)));
}

void http_response_problem(HttpResponse *res, const Error *err)
{
        http_response_problem_with(res, err, 0, NULL);
}

void http_problem_write(Buffer *text, const Error *err, int status, const char *extra)
{
        char type[96];
        size_t i = 0;

        if (!status)
                status = http_status_of(err->code);
        while (i < ARRAY_SIZE(problems) && problems[i].status != status)
                i++;
        assert(i < ARRAY_SIZE(problems));

        (void)snprintf(type, sizeof type, "https://skafu.dev/problems/%s", problems[i].slug);
        json_write_object(text, NULL);
        json_write_string(text, "type", type);
        json_write_string(text, "title", problems[i].title);
        json_write_int(text, "status", status);
        if (status != 500 && *err->message) /* what broke inside is for the log alone */
                write_cut(text, "detail", err->message);
        if (status != 500 && *err->field)
                write_cut(text, "field", err->field);
        if (extra) {
                buffer_append_char(text, ',');
                buffer_append_string(text, extra);
        }
        json_write_object_end(text);
}

void http_response_problem_text(HttpResponse *res, const Error *err, int status, const Buffer *text)
{
        fill(res, status, "application/problem+json", text->data, text->size);
        if (status == 503 && !u_map_has_key_case(res->ulfius->map_header, "Retry-After"))
                http_response_header(res, "Retry-After", "1");
        res->problem = *err;
}

void http_response_problem_with(HttpResponse *res, const Error *err, int status, const char *extra)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        if (!status)
                status = http_status_of(err->code);
        http_problem_write(&text, err, status, extra);
        http_response_problem_text(res, err, status, &text);
}
