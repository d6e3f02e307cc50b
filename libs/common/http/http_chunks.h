#pragma once

/*
 * http_chunks.h — a chunked body (RFC 9112, 7.1), decoded piece by piece as it comes.
 *
 * Strict: CRLF only, sizes of at most 15 hex digits. Chunk extensions and trailers are bounded and ignored.
 */

#include <stdint.h>

#include "common/base/error.h"

typedef enum HttpChunksState {
        CHUNKS_SIZE, /* the digits of a size */
        CHUNKS_EXTENSION,
        CHUNKS_SIZE_LF,
        CHUNKS_DATA,
        CHUNKS_DATA_CR,
        CHUNKS_DATA_LF,
        CHUNKS_TRAILER, /* at the start of a line */
        CHUNKS_TRAILER_LINE,
        CHUNKS_TRAILER_LF,
        CHUNKS_LAST_LF,
        CHUNKS_END,
} HttpChunksState;

typedef struct HttpChunks {
        HttpChunksState state; /* CHUNKS_END: the body is complete */
        uint64_t left;         /* of this chunk */
        unsigned n_digits;
        size_t n_extra; /* bytes of this extension, or of all trailers */
} HttpChunks;

#define HTTP_CHUNKS_INIT            ((HttpChunks){ .state = CHUNKS_SIZE })
#define HTTP_CHUNKS_EXTRA_BYTES_MAX 4096

/**
 * http_chunks_next() - the next piece of the body in @data
 * @ret_used:   bytes of @data that are done with; the rest is to come again
 * @ret_piece:  points into @data; @ret_size is 0 when there was framing only
 *
 * Return: ERROR_NONE; ERROR_MALFORMED: nothing behind can be trusted.
 */
_must_check_ ErrorCode http_chunks_next(HttpChunks *chunks, const char *data, size_t size,
                                        size_t *ret_used, const char **ret_piece, size_t *ret_size,
                                        Error *err);
