#pragma once

/*
 * command_answer.h — an outcome as an HTTP answer, also that of a command which was answered before.
 *
 * An answer is a function of what the store holds, so the first one and its repetition are the same bytes.
 */

#include "command_request.h"
#include "command_wait.h"
#include "common/http/http.h"
#include "common/pg/pg_pool.h"

/**
 * command_answer_send() - answer @request
 * @pool:     to look a repeated command up, and how far views are
 * @wait:     the views that are to show the command's events first; maybe none
 * @wait_ms:  for at most this long: 202 then
 *
 * Thread: an HTTP thread.
 */
void command_answer_send(PgPool *pool, const CommandRequest *request, const CommandWait *wait,
                         int64_t wait_ms, HttpResponse *res);

/* A refusal as it is kept in the store: {"code":…,"field":…,"message":…,"version":…}. */
void command_answer_write_problem(Buffer *buffer, const CommandOutcome *outcome);

/* Read it back. Return: ERROR_NONE with *ret_problem filled, or ERROR_INTERNAL. */
_must_check_ ErrorCode command_answer_read_problem(const char *text, Error *ret_problem,
                                                   int64_t *ret_version, Error *err);
