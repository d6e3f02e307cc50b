#pragma once

/*
 * command_answer.h — an outcome as an answer, also that of a command which was answered before.
 *
 * An answer is a function of what the store holds, so the first one and its repetition are the same bytes.
 */

#include "command_request.h"
#include "command_wait.h"
#include "common/event/token.h"
#include "common/http/http.h"
#include "common/pg/pg_pool.h"

/* What a client is told of one command. */
typedef struct CommandAnswer {
        int status;                  /* HTTP */
        Buffer body;                 /* a JSON object: the result, or a problem */
        bool is_replayed;            /* it was answered before */
        int64_t version;             /* of the aggregate; 0 with a problem */
        char token[TOKEN_TEXT_SIZE]; /* what a read has to see; "" when there is nothing */
        Error problem;               /* what the body says, when it is one */
} CommandAnswer;

#define COMMAND_ANSWER_INIT ((CommandAnswer){ .body = BUFFER_INIT })

void command_answer_deinit(CommandAnswer *answer);

/**
 * command_answer_make() - the answer to @request, whose outcome is there
 * @answer:   empty
 * @pool:     to look a repeated command up, and how far views are
 * @wait:     the views that are to show the command's events first; NULL or maybe none
 * @wait_ms:  for at most this long: 202 then
 *
 * Thread: any that may block.
 */
void command_answer_make(CommandAnswer *answer, PgPool *pool, const CommandRequest *request,
                         const CommandWait *wait, int64_t wait_ms);

/* The answer to a command that did not come so far: @err with @status, or the code's own for 0. It names the
 * command's id, when there is one already, so that the client can look at its record. */
void command_answer_refuse(CommandAnswer *answer, const CommandRequest *request, const Error *err,
                           int status);

/* The same over HTTP: status, headers and body. */
void command_answer_send(const CommandAnswer *answer, HttpResponse *res);
