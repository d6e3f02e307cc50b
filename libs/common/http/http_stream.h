#pragma once

/*
 * http_stream.h — what a stream is inside: a wire, or a body and an answer in memory.
 */

#include "common/http/http.h"
#include "common/http/http_wire.h"

struct HttpStream {
        HttpWire *wire; /* borrowed; NULL: in memory */

        const char *body; /* in memory: what is left of it; borrowed */
        size_t body_size;

        bool is_started;
        int status;
        const struct _u_map *headers; /* of the response; its own until the handler is done */
        Buffer answer;                /* in memory */
};

/* After the handler: bring what was started to its end. @res is filled then, or sent already. */
void http_stream_finish(HttpStream *stream, HttpResponse *res, int64_t deadline_us);
