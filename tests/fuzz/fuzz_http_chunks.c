/*
 * fuzz_http_chunks.c — chunked bodies. However the bytes are cut into pieces, the same body comes out.
 */

#include <string.h>

#include "common/base/buffer.h"
#include "common/http/http_chunks.h"
#include "fuzz.h"

/* Return: ERROR_NONE, also for a body that is not complete. */
static ErrorCode decode(const char *data, size_t size, size_t step, Buffer *body,
                        HttpChunksState *ret_state)
{
        HttpChunks chunks = HTTP_CHUNKS_INIT;
        size_t at = 0, have = 0;
        ErrorCode code = ERROR_NONE;

        while (!code && chunks.state != CHUNKS_END && (at < have || have < size)) {
                const char *piece = NULL;
                size_t used = 0, n = 0;
                Error err;

                if (at == have)
                        have = size - have < step ? size : have + step;
                code = http_chunks_next(&chunks, data + at, have - at, &used, &piece, &n, &err);
                FUZZ_CHECK(code || (used && used <= have - at));
                FUZZ_CHECK(code || !n || (piece >= data + at && piece + n == data + at + used));
                if (!code && n)
                        buffer_append(body, piece, n);
                at += used;
        }
        *ret_state = chunks.state;
        return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(buffer_deinit) Buffer whole = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer pieces = BUFFER_INIT;
        HttpChunksState whole_state, pieces_state;
        ErrorCode code = decode((const char *)data, size, size ? size : 1, &whole, &whole_state);

        FUZZ_CHECK(decode((const char *)data, size, 3, &pieces, &pieces_state) == code);
        FUZZ_CHECK(whole.size == pieces.size &&
                   strcmp(buffer_text(&whole), buffer_text(&pieces)) == 0);
        FUZZ_CHECK(code || whole_state == pieces_state);
        return 0;
}
