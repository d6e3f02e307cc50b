#pragma once

/*
 * command_headers.h — what the optional headers of a command say: key, expected version, correlation.
 */

#include "command_request.h"
#include "common/http/http.h"

/* Text that the request points to; as long as the handler runs. */
typedef struct CommandHeaders {
        char command_id[UUID_TEXT_SIZE];
} CommandHeaders;

/**
 * command_headers_read() - fill id, expectation, correlation id and traceparent of @request
 *
 * Idempotency-Key: a UUID is the command id itself; other text gives one that depends on the key and
 * on who sends it. An invalid traceparent is ignored, as its specification asks.
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED naming the header.
 */
_must_check_ ErrorCode command_headers_read(const HttpRequest *req, CommandRequest *request,
                                            CommandHeaders *memory, Error *err);
