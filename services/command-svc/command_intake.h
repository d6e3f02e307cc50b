#pragma once

/*
 * command_intake.h — what a client sent, checked and made a CommandRequest: one way for every command,
 * whether it came alone or as a line of many.
 */

#include "command_app.h"
#include "command_headers.h"
#include "common/auth/principal.h"

/* What the client sent; all of it borrowed. */
typedef struct CommandInput {
        const char *type; /* the command's name */
        JsonSpan payload; /* not checked yet */
        CommandHeaders headers;
        const Principal *principal;
        int64_t received_us; /* wall clock */
} CommandInput;

/* Texts that a request points to beside its input's. */
typedef struct CommandIntake {
        char command_id[UUID_TEXT_SIZE];
        Buffer actor_name;
} CommandIntake;

#define COMMAND_INTAKE_INIT ((CommandIntake){ .actor_name = BUFFER_INIT })

void command_intake_deinit(CommandIntake *intake);

/**
 * command_intake_identify() - who sends which command, before anything else is looked at
 * @request:  initialised; gets its id and actor in any case, so that a refusal can be found again
 *
 * Return: ERROR_NONE; ERROR_MALFORMED when the key is no key: the id is a new one then.
 */
_must_check_ ErrorCode command_intake_identify(CommandIntake *intake, const CommandInput *input,
                                               CommandRequest *request, Error *err);

/**
 * command_intake_read() - check @input and fill @request, ready to be submitted
 * @request:  initialised, identified or not; points into @input's texts and @intake afterwards
 *
 * Thread: any.
 * Return: ERROR_NONE; ERROR_NOT_FOUND for an unknown type; ERROR_MALFORMED, ERROR_TOO_LARGE or
 *         ERROR_INVALID naming the header or the field.
 */
_must_check_ ErrorCode command_intake_read(CommandIntake *intake, const CommandInput *input,
                                           CommandRequest *request, Error *err);

/* Leave @request with the writer of its aggregate: wait for it, then settle it. Return: as writer_submit(). */
_must_check_ ErrorCode command_intake_submit(const CommandApp *app, CommandRequest *request,
                                             Error *err);

/* A submitted request is complete: when nothing of it was stored, it is noted as a failure. */
void command_intake_settle(const CommandApp *app, CommandRequest *request);

/* A request was not submitted, because of @err: note that, when it is known who sent it. @status: what is answered, 0 for the code's own. */
void command_intake_fail(const CommandApp *app, const CommandRequest *request, const Error *err,
                         int status);
