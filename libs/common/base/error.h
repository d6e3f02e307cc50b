#pragma once

/*
 * error.h — the one typed error. The code says what the caller should do; the Error on the caller's
 * stack says what happened. Reporting never allocates.
 */

#include <stdarg.h>
#include <stdbool.h>

#include "common/base/cleanup.h"

typedef enum ErrorCode {
        ERROR_NONE = 0,
        ERROR_MALFORMED, /* cannot be read as what it should be: tell the caller, never retry */
        ERROR_UNAUTHENTICATED, /* no valid credentials */
        ERROR_FORBIDDEN,       /* valid credentials that do not allow this */
        ERROR_INVALID,         /* readable, but refused by a documented rule; never retry */
        ERROR_NOT_FOUND,       /* the thing named does not exist */
        ERROR_CONFLICT,        /* someone else wrote first: reload, then retry */
        ERROR_TOO_LARGE,       /* over a documented limit */
        ERROR_UNAVAILABLE,     /* a dependency is down: retry with backoff */
        ERROR_INTERNAL,        /* our bug or no memory: log, give up */
        ERROR_CODE_COUNT,
} ErrorCode;

typedef struct Error {
        ErrorCode code;
        char sqlstate[6]; /* "" unless PostgreSQL reported the fault */
        char field[64];   /* the offending input field ("payload.name"), "" when none is to blame */
        char message[256]; /* one line, lower case, no full stop */
} Error;

#define ERROR_INIT ((Error){ .code = ERROR_NONE })

/**
 * error_set() - fill @err (may be NULL) and return @code, so that a failure is one statement
 *
 * A message that does not fit is cut between two characters; bytes that are no UTF-8 become "?". So does
 * a field name. The arguments may be texts of @err itself.
 * Thread: any.
 */
_printf_(3, 4) ErrorCode error_set(Error *err, ErrorCode code, const char *fmt, ...);
_printf_(3, 0) ErrorCode error_vset(Error *err, ErrorCode code, const char *fmt, va_list args);

/* As error_set(), naming the input @field that is to blame. */
_printf_(4, 5) ErrorCode
        error_set_field(Error *err, ErrorCode code, const char *field, const char *fmt, ...);

/* "out of memory", in one place. */
ErrorCode error_no_memory(Error *err);

/* Stable lower-case name, "not-found"; used in logs and in problem types. */
const char *error_code_name(ErrorCode code);

/* Whether trying again later can succeed without any change by the caller. */
bool error_is_retriable(ErrorCode code);
