#pragma once

/*
 * http_exchange.h — what requests and responses are inside: ulfius' own, and what we found out.
 */

#include <ulfius.h>

#include "common/http/http.h"
#include "common/http/http_routes.h"
#include "common/http/http_stream.h"
#include "common/http/http_target.h"

struct HttpRequest {
        const struct _u_request *ulfius;
        HttpTarget target;
        const HttpRouteEntry *entry; /* NULL until found */
        Principal *principal;        /* owned; NULL on public routes */
        int64_t received_us;         /* wall clock */
        HttpStream *stream;
};

struct HttpResponse {
        struct _u_response *ulfius;
        bool is_filled;
        Error problem; /* what was answered as one */
};

/* How long the body is. */
typedef struct HttpFraming {
        bool is_chunked;
        uint64_t length; /* when it is not */
} HttpFraming;

/* Return: ERROR_NONE; ERROR_MALFORMED when the headers say more than one thing. */
_must_check_ ErrorCode http_request_framing(const HttpRequest *req, HttpFraming *ret,
                                            int *ret_status, Error *err);

/**
 * http_request_check() - refuse what must reach no handler: unclear framing, large bodies, odd bytes
 * @ret_close:  set when what follows on the connection cannot be trusted or was not read
 *
 * Return: ERROR_NONE; ERROR_MALFORMED; ERROR_TOO_LARGE. @ret_status is set when the code's own will
 *         not do.
 */
_must_check_ ErrorCode http_request_check(const HttpRequest *req, size_t body_bytes_max,
                                          int *ret_status, bool *ret_close, Error *err);

/* Verify the credentials and fill ->principal. Return: ERROR_NONE or ERROR_UNAUTHENTICATED; then the
 * response has its WWW-Authenticate. */
_must_check_ ErrorCode http_authenticate(HttpRequest *req, HttpResponse *res,
                                         const AuthVerifier *verifier, Error *err);

/* Whether the principal is in the group that the route asks for. Return: ERROR_NONE or ERROR_FORBIDDEN. */
_must_check_ ErrorCode http_authorize(const HttpRequest *req, Error *err);
