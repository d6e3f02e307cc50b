#include "past_moment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

ErrorCode past_moment_parse(const char *text, PastMoment *ret, Error *err)
{
        size_t size = strlen(text);

        *ret = (PastMoment){ .given = true };
        if (size > 0 && strspn(text, "0123456789") == size) {
                errno = 0;
                ret->version = strtoll(text, NULL, 10);
                if (!errno && ret->version > 0)
                        return ERROR_NONE;
        } else if (!clock_parse(text, size, &ret->time_us, NULL)) {
                return ERROR_NONE;
        }
        return error_set_field(err, ERROR_MALFORMED, "asOf",
                               "asOf must be a version from 1 on, or a time like "
                               "2026-01-31T23:59:59Z");
}

bool past_moment_covers(const PastMoment *moment, const Event *event)
{
        return moment->version ? event->sequence <= moment->version
                               : event->timestamp_us <= moment->time_us;
}
