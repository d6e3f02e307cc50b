#include "common/http/http_chunks.h"

#define DIGITS_MAX 15

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_control(char c)
{
        return (unsigned char)c < ' ' ? c != '\t' : c == 0x7f;
}

/* A byte of what is ignored; false when there is too much of it, or it may not be there. */
static bool take_extra(HttpChunks *chunks, char c)
{
        return !is_control(c) && ++chunks->n_extra <= HTTP_CHUNKS_EXTRA_BYTES_MAX;
}

static bool take_size(HttpChunks *chunks, char c)
{
        int digit = hex_digit(c);

        if (digit >= 0) {
                chunks->left = chunks->left * 16 + (unsigned)digit;
                return ++chunks->n_digits <= DIGITS_MAX;
        }
        if (!chunks->n_digits)
                return false;
        chunks->state = c == '\r' ? CHUNKS_SIZE_LF : CHUNKS_EXTENSION;
        return c == '\r' || c == ';';
}

/* The size is read: data or, behind the last chunk, trailers. */
static void begin_chunk(HttpChunks *chunks)
{
        chunks->state = chunks->left ? CHUNKS_DATA : CHUNKS_TRAILER;
        chunks->n_digits = 0;
        chunks->n_extra = 0;
}

static bool take_trailer(HttpChunks *chunks, char c)
{
        if (c == '\r') {
                chunks->state =
                        chunks->state == CHUNKS_TRAILER ? CHUNKS_LAST_LF : CHUNKS_TRAILER_LF;
                return true;
        }
        chunks->state = CHUNKS_TRAILER_LINE;
        return take_extra(chunks, c);
}

/* One byte of framing; false when it is not allowed here. */
static bool take(HttpChunks *chunks, char c)
{
        switch (chunks->state) {
        case CHUNKS_SIZE:
                return take_size(chunks, c);
        case CHUNKS_EXTENSION:
                if (c != '\r')
                        return take_extra(chunks, c);
                chunks->state = CHUNKS_SIZE_LF;
                return true;
        case CHUNKS_SIZE_LF:
                begin_chunk(chunks);
                return c == '\n';
        case CHUNKS_DATA_CR:
                chunks->state = CHUNKS_DATA_LF;
                return c == '\r';
        case CHUNKS_DATA_LF:
                chunks->state = CHUNKS_SIZE;
                return c == '\n';
        case CHUNKS_TRAILER:
        case CHUNKS_TRAILER_LINE:
                return take_trailer(chunks, c);
        case CHUNKS_TRAILER_LF:
                chunks->state = CHUNKS_TRAILER;
                return c == '\n';
        case CHUNKS_LAST_LF:
                chunks->state = CHUNKS_END;
                return c == '\n';
        case CHUNKS_DATA: /* not a byte at a time */
        case CHUNKS_END:
                break;
        }
        return false;
}

ErrorCode http_chunks_next(HttpChunks *chunks, const char *data, size_t size, size_t *ret_used,
                           const char **ret_piece, size_t *ret_size, Error *err)
{
        size_t used = 0;

        *ret_size = 0;
        while (used < size && chunks->state != CHUNKS_DATA && chunks->state != CHUNKS_END) {
                if (!take(chunks, data[used++]))
                        return error_set(err, ERROR_MALFORMED, "the body's chunks are malformed");
        }
        if (used < size && chunks->state == CHUNKS_DATA) {
                *ret_piece = data + used;
                *ret_size = size - used < chunks->left ? size - used : (size_t)chunks->left;
                used += *ret_size;
                chunks->left -= *ret_size;
                if (!chunks->left)
                        chunks->state = CHUNKS_DATA_CR;
        }
        *ret_used = used;
        return ERROR_NONE;
}
