#include "bulk_lines.h"

#include <string.h>

#include "common/base/clock.h"

#define CHUNK_BYTES 32768

ErrorCode bulk_lines_init(BulkLines *lines, HttpStream *stream, size_t bytes_max,
                          int64_t timeout_us, Error *err)
{
        *lines = (BulkLines){
                .stream = stream,
                .bytes_max = bytes_max,
                .timeout_us = timeout_us,
                .chunk = malloc(CHUNK_BYTES),
        };
        return lines->chunk ? ERROR_NONE : error_no_memory(err);
}

void bulk_lines_deinit(BulkLines *lines)
{
        free(lines->chunk);
}

static bool is_blank(const Buffer *text)
{
        for (size_t i = 0; i < text->size; i++) {
                if (!strchr(" \t\r", text->data[i]) || !text->data[i])
                        return false;
        }
        return true;
}

static ErrorCode fill(BulkLines *lines, int64_t deadline_us, int *ret_status, Error *err)
{
        lines->begin = lines->end = 0;
        return http_stream_read(lines->stream, lines->chunk, CHUNK_BYTES, &lines->end, deadline_us,
                                ret_status, err);
}

/* Move bytes to @text, up to the end of the line. Return: whether that was there. */
static bool take(BulkLines *lines, Buffer *text, bool *is_long)
{
        const char *begin = lines->chunk + lines->begin;
        size_t size = lines->end - lines->begin;
        const char *newline = memchr(begin, '\n', size);
        size_t n = newline ? (size_t)(newline - begin) : size;

        if (text->size + n > lines->bytes_max)
                *is_long = true;
        if (*is_long)
                buffer_clear(text);
        else
                buffer_append(text, begin, n);
        lines->begin += newline ? n + 1 : n;
        return newline;
}

static ErrorCode read_line(BulkLines *lines, Buffer *text, BulkLineKind *ret_kind, int *ret_status,
                           Error *err)
{
        int64_t deadline_us = clock_monotonic_us() + lines->timeout_us;
        bool is_long = false, is_whole = false, is_begun = false;

        buffer_clear(text);
        lines->number++;
        while (!is_whole && !lines->is_body_end) {
                if (lines->begin == lines->end) {
                        ErrorCode code = fill(lines, deadline_us, ret_status, err);

                        if (code)
                                return code;
                }
                lines->is_body_end = lines->begin == lines->end;
                is_begun = is_begun || !lines->is_body_end;
                is_whole = take(lines, text, &is_long);
        }
        *ret_kind = !is_begun ? BULK_LINES_END : is_long ? BULK_LINE_LONG : BULK_LINE;
        return ERROR_NONE;
}

ErrorCode bulk_lines_next(BulkLines *lines, Buffer *text, BulkLineKind *ret_kind, int *ret_status,
                          Error *err)
{
        ErrorCode code;

        do {
                code = read_line(lines, text, ret_kind, ret_status, err);
        } while (!code && *ret_kind == BULK_LINE && is_blank(text));
        return code;
}
