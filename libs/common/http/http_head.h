#pragma once

/*
 * http_head.h — the head of an HTTP/1.1 request, taken apart strictly: for connections that we serve
 * ourselves, see http_wire.h.
 *
 * Strict means that nothing is read in a way in which a proxy in front could differ: lines end in CRLF,
 * names are tokens, no line is folded, no control characters anywhere.
 */

#include "common/http/http.h"

typedef struct HttpHead {
        const char *method;
        const char *target;
        bool is_http_1_0; /* else 1.1 */
        size_t n_headers;
        struct {
                const char *name, *value; /* without the white space around */
        } headers[HTTP_HEADERS_MAX];
} HttpHead;

/* Bytes of the head at the start of @data, with the empty line that ends it; 0 when that is not there
 * yet. */
size_t http_head_size(const char *data, size_t size);

/**
 * http_head_parse() - take the head in @text apart
 * @text:        its lines; changed in place (NULs), and @head points into it
 * @size:        as http_head_size() told
 * @ret_status:  set when the code's own will not do
 *
 * Return: ERROR_NONE; ERROR_MALFORMED; ERROR_TOO_LARGE for too many headers.
 */
_must_check_ ErrorCode http_head_parse(HttpHead *head, char *text, size_t size, int *ret_status,
                                       Error *err);
