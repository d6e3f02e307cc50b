#pragma once

/*
 * bulk_line.h — one line of many commands: {"type":…,"id":…,"payload":{…}}, taken apart.
 *
 * Members beside type and payload: id, ifMatch, ifNoneMatch, correlationId, traceparent. They are the headers of
 * a command that comes alone, see command_headers.h. Others are refused by name.
 */

#include "command_headers.h"
#include "common/base/json_fields.h"

typedef struct BulkLine {
        JsonFields fields;
        const char *type;
        JsonSpan payload; /* not checked yet */
        CommandHeaders headers;
        char version[24]; /* ifMatch as a header has it, when it was a number */
} BulkLine;

#define BULK_LINE_INIT ((BulkLine){ .fields = JSON_FIELDS_INIT })

void bulk_line_deinit(BulkLine *line);

/**
 * bulk_line_parse() - take the line in @text apart
 * @line:  may be used again and again
 * @text:  borrowed: has to stay in place as long as @line is read
 *
 * Thread: any.
 * Return: ERROR_NONE; ERROR_MALFORMED naming the member.
 */
_must_check_ ErrorCode bulk_line_parse(BulkLine *line, const char *text, size_t size, Error *err);
