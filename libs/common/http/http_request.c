#include <string.h>
#include <strings.h>

#include "common/base/utf8.h"
#include "common/http/http_exchange.h"

const char *http_request_method(const HttpRequest *req)
{
        return req->ulfius->http_verb;
}

const char *http_request_path(const HttpRequest *req)
{
        return req->ulfius->url_path;
}

const char *http_request_param(const HttpRequest *req, const char *name)
{
        return http_route_param(req->entry, &req->target, name);
}

const char *http_request_query(const HttpRequest *req, const char *name)
{
        for (size_t i = 0; i < req->target.n_query; i++) {
                if (strcmp(req->target.query[i].name, name) == 0)
                        return req->target.query[i].value;
        }
        return NULL;
}

void http_request_each_query(const HttpRequest *req,
                             void (*visit)(void *data, const char *name, const char *value),
                             void *data)
{
        for (size_t i = 0; i < req->target.n_query; i++)
                visit(data, req->target.query[i].name, req->target.query[i].value);
}

const char *http_request_header(const HttpRequest *req, const char *name)
{
        return u_map_get_case(req->ulfius->map_header, name);
}

const char *http_request_body(const HttpRequest *req, size_t *ret_size)
{
        *ret_size = req->ulfius->binary_body_length;
        return req->ulfius->binary_body ? req->ulfius->binary_body : "";
}

HttpStream *http_request_stream(const HttpRequest *req)
{
        return req->stream;
}

const Principal *http_request_principal(const HttpRequest *req)
{
        return req->principal;
}

int64_t http_request_received_us(const HttpRequest *req)
{
        return req->received_us;
}

/* RFC 9110's token: nothing that a proxy in front could read in another way. */
static bool is_token(const char *name)
{
        static const char others[] = "!#$%&'*+-.^_`|~";

        for (const char *p = name; *p; p++) {
                char c = (char)(*p | 0x20);

                if (!(c >= 'a' && c <= 'z') && !(*p >= '0' && *p <= '9') && !strchr(others, *p))
                        return false;
        }
        return *name;
}

/* ulfius joins repeated headers only when they are spelled alike; another spelling would hide one. */
static bool is_repeated(const char **names, size_t i)
{
        for (size_t j = 0; j < i; j++) {
                if (strcasecmp(names[j], names[i]) == 0)
                        return true;
        }
        return false;
}

static ErrorCode check_headers(const HttpRequest *req, int *ret_status, Error *err)
{
        const char **names = u_map_enum_keys(req->ulfius->map_header);
        const char **values = u_map_enum_values(req->ulfius->map_header);

        for (size_t i = 0; names && names[i]; i++) {
                if (i == HTTP_HEADERS_MAX) {
                        *ret_status = 431;
                        return error_set(err, ERROR_TOO_LARGE, "more than %d headers",
                                         HTTP_HEADERS_MAX);
                }
                if (!is_token(names[i]))
                        return error_set(err, ERROR_MALFORMED, "a header's name is no token");
                if (is_repeated(names, i))
                        return error_set(err, ERROR_MALFORMED,
                                         "header \"%.64s\" is there in two spellings", names[i]);
                if (!utf8_valid(values[i], strlen(values[i])))
                        return error_set(err, ERROR_MALFORMED, "header \"%.64s\" is not UTF-8",
                                         names[i]);
        }
        return ERROR_NONE;
}

/* Content-Length as a number: false when it is none. */
static bool parse_length(const char *text, uint64_t *ret)
{
        uint64_t value = 0;

        for (const char *p = text; *p; p++) {
                if (*p < '0' || *p > '9' || value > UINT64_MAX / 10 - 10)
                        return false;
                value = value * 10 + (uint64_t)(*p - '0');
        }
        *ret = value;
        return *text;
}

ErrorCode http_request_framing(const HttpRequest *req, HttpFraming *ret, int *ret_status,
                               Error *err)
{
        const char *encoding = http_request_header(req, "Transfer-Encoding");
        const char *length = http_request_header(req, "Content-Length");

        if (encoding && length)
                return error_set(err, ERROR_MALFORMED,
                                 "a request has Transfer-Encoding or Content-Length, not both");
        if (encoding && strcmp(req->ulfius->http_protocol, "HTTP/1.1") != 0)
                return error_set(err, ERROR_MALFORMED, "only HTTP/1.1 has Transfer-Encoding");
        /* repeated headers are joined by commas: two lengths are no number either */
        if (length && !parse_length(length, &ret->length))
                return error_set(err, ERROR_MALFORMED, "Content-Length is not one number");
        if (encoding && strcasecmp(encoding, "chunked") != 0) {
                *ret_status = 501;
                return error_set(err, ERROR_MALFORMED,
                                 "of transfer encodings only \"chunked\" is understood");
        }
        ret->is_chunked = encoding;
        return ERROR_NONE;
}

ErrorCode http_request_check(const HttpRequest *req, size_t body_bytes_max, int *ret_status,
                             bool *ret_close, Error *err)
{
        HttpFraming framing = { .length = 0 };
        ErrorCode code = check_headers(req, ret_status, err);

        if (!code)
                code = http_request_framing(req, &framing, ret_status, err);
        if (!code &&
            (framing.length > body_bytes_max || req->ulfius->binary_body_length > body_bytes_max))
                code = error_set(err, ERROR_TOO_LARGE, "the body is over %zu bytes",
                                 body_bytes_max);
        *ret_close = code != ERROR_NONE;
        return code;
}
