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

const Principal *http_request_principal(const HttpRequest *req)
{
        return req->principal;
}

int64_t http_request_received_us(const HttpRequest *req)
{
        return req->received_us;
}

static ErrorCode check_header_bytes(const HttpRequest *req, Error *err)
{
        const char **names = u_map_enum_keys(req->ulfius->map_header);

        for (size_t i = 0; names && names[i]; i++) {
                const char *value = u_map_get(req->ulfius->map_header, names[i]);

                if (!utf8_valid(names[i], strlen(names[i])))
                        return error_set(err, ERROR_MALFORMED, "a header's name is not ASCII");
                if (value && !utf8_valid(value, strlen(value)))
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

ErrorCode http_request_check(const HttpRequest *req, size_t body_bytes_max, int *ret_status,
                             bool *ret_close, Error *err)
{
        const char *encoding = http_request_header(req, "Transfer-Encoding");
        const char *length_text = http_request_header(req, "Content-Length");
        uint64_t length = 0;

        *ret_close = true;
        if (encoding && length_text)
                return error_set(err, ERROR_MALFORMED,
                                 "a request has Transfer-Encoding or Content-Length, not both");
        /* repeated headers are joined by commas: two lengths are no number either */
        if (length_text && !parse_length(length_text, &length))
                return error_set(err, ERROR_MALFORMED, "Content-Length is not one number");
        if (encoding && strcasecmp(encoding, "chunked") != 0) {
                *ret_status = 501;
                return error_set(err, ERROR_MALFORMED,
                                 "of transfer encodings only \"chunked\" is understood");
        }
        if (length > body_bytes_max || req->ulfius->binary_body_length > body_bytes_max)
                return error_set(err, ERROR_TOO_LARGE, "the body is over %zu bytes",
                                 body_bytes_max);
        *ret_close = false;
        return check_header_bytes(req, err);
}
