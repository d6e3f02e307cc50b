#pragma once

/*
 * command_headers.h — what may stand beside a command: key, expected version, correlation. They are the
 * headers of an HTTP request, or members of a line of many commands; the rules are the same.
 */

#include "command_request.h"

typedef enum CommandHeader {
        HEADER_KEY, /* Idempotency-Key */
        HEADER_IF_MATCH,
        HEADER_IF_NONE_MATCH,
        HEADER_CORRELATION_ID,
        HEADER_TRACEPARENT,
        COMMAND_HEADER_COUNT,
} CommandHeader;

typedef struct CommandHeaders {
        const char *const *names;                /* how the client calls them, for refusals */
        const char *texts[COMMAND_HEADER_COUNT]; /* borrowed; NULL when absent */
} CommandHeaders;

/**
 * command_headers_identify() - fill the id of @request, and its correlation id as far as nothing else is known
 * @request:     its actor is known; points into @command_id afterwards
 * @command_id:  gets the command id as text
 *
 * Idempotency-Key: a UUID is the command id itself; other text gives one that depends on the key and
 * on who sends it.
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED naming the header: the id is a new one then.
 */
_must_check_ ErrorCode command_headers_identify(const CommandHeaders *headers,
                                                CommandRequest *request,
                                                char command_id[UUID_TEXT_SIZE], Error *err);

/**
 * command_headers_apply() - fill expectation, correlation id and traceparent of @request
 * @request:  identified; points into @headers afterwards
 *
 * An invalid traceparent is ignored, as its specification asks.
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED naming the header.
 */
_must_check_ ErrorCode command_headers_apply(const CommandHeaders *headers, CommandRequest *request,
                                             Error *err);
