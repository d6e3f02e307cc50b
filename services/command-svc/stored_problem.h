#pragma once

/*
 * stored_problem.h — why a command was refused, as it is kept: {"code":…,"field":…,"message":…,"version":…}.
 */

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/json_fields.h"
#include "common/base/uuid.h"

typedef struct StoredProblem {
        Error error;
        int64_t version; /* of the aggregate; negative when it is not known */
        const char
                *correlation_id; /* of the command, which has no events to carry it; NULL: its id */
} StoredProblem;

void stored_problem_write(Buffer *buffer, const StoredProblem *problem);

/* Read it back. Texts of @ret point into @fields, which is the caller's. Return: ERROR_NONE or ERROR_INTERNAL. */
_must_check_ ErrorCode stored_problem_read(const char *text, JsonFields *fields, StoredProblem *ret,
                                           Error *err);

/* The same as the RFC 9457 problem that the client gets. @command_id: NULL when there is none yet. */
void stored_problem_write_answer(Buffer *buffer, const StoredProblem *problem, int status,
                                 const Uuid *command_id);
