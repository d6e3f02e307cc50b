#pragma once

/*
 * bulk_lines.h — the lines of a body as it comes in, each with a limit and a deadline.
 */

#include "common/http/http.h"

typedef struct BulkLines {
        HttpStream *stream; /* borrowed */
        size_t bytes_max;   /* of one line */
        int64_t timeout_us; /* for the next one to be whole */
        int64_t number;     /* of the line that was read last, 1 for the first */
        char *chunk;        /* what was read of the stream … */
        size_t begin, end;  /* … and is not used yet */
        bool is_body_end;
} BulkLines;

typedef enum BulkLineKind {
        BULK_LINE,      /* there it is, without its end */
        BULK_LINE_LONG, /* it was over the limit, and was skipped */
        BULK_LINES_END, /* there are no more */
} BulkLineKind;

/* Return: ERROR_NONE or ERROR_INTERNAL. */
_must_check_ ErrorCode bulk_lines_init(BulkLines *lines, HttpStream *stream, size_t bytes_max,
                                       int64_t timeout_us, Error *err);
void bulk_lines_deinit(BulkLines *lines);

/**
 * bulk_lines_next() - the next line that is not blank; the last one needs no end of line
 * @text:        gets the line; what it held before is gone
 * @ret_status:  set when the code's own will not do
 *
 * Return: ERROR_NONE; or as http_stream_read(): then the line that it came to is not whole, and counts in
 *         ->number.
 */
_must_check_ ErrorCode bulk_lines_next(BulkLines *lines, Buffer *text, BulkLineKind *ret_kind,
                                       int *ret_status, Error *err);
