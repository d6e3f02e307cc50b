#pragma once

/*
 * past_moment.h — ?asOf=: a version of an aggregate, or a time.
 */

#include <stdbool.h>

#include "common/event/event.h"

typedef struct PastMoment {
        bool given;
        int64_t version; /* eventSequence; 0: by time */
        int64_t time_us;
} PastMoment;

/* "7", or RFC 3339. Return: ERROR_NONE or ERROR_MALFORMED. */
_must_check_ ErrorCode past_moment_parse(const char *text, PastMoment *ret, Error *err);

/* Whether @event had happened by then. */
bool past_moment_covers(const PastMoment *moment, const Event *event);
