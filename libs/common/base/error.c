#include "common/base/error.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const code_names[ERROR_CODE_COUNT] = {
        [ERROR_NONE] = "none",
        [ERROR_MALFORMED] = "malformed",
        [ERROR_UNAUTHENTICATED] = "unauthenticated",
        [ERROR_FORBIDDEN] = "forbidden",
        [ERROR_INVALID] = "invalid",
        [ERROR_NOT_FOUND] = "not-found",
        [ERROR_CONFLICT] = "conflict",
        [ERROR_TOO_LARGE] = "too-large",
        [ERROR_UNAVAILABLE] = "unavailable",
        [ERROR_INTERNAL] = "internal",
};

/* Drop a UTF-8 character that was cut at the end of a full @text: the text goes into JSON. */
static void trim_cut_character(char *text)
{
        size_t size = strlen(text), start = size, want = 1;

        while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
                start--;
        if (start == 0)
                return;
        start--;
        if (((unsigned char)text[start] & 0xe0) == 0xc0)
                want = 2;
        else if (((unsigned char)text[start] & 0xf0) == 0xe0)
                want = 3;
        else if (((unsigned char)text[start] & 0xf8) == 0xf0)
                want = 4;
        if (size - start < want)
                text[start] = '\0';
}

ErrorCode error_vset(Error *err, ErrorCode code, const char *fmt, va_list args)
{
        assert(code != ERROR_NONE);

        if (err) {
                Error fresh = { .code = code };

                /* Not in place: the arguments may be texts of @err itself. */
                (void)vsnprintf(fresh.message, sizeof fresh.message, fmt, args);
                trim_cut_character(fresh.message);
                *err = fresh;
        }
        return code;
}

ErrorCode error_set(Error *err, ErrorCode code, const char *fmt, ...)
{
        va_list args;

        va_start(args, fmt);
        (void)error_vset(err, code, fmt, args);
        va_end(args);
        return code;
}

ErrorCode error_set_field(Error *err, ErrorCode code, const char *field, const char *fmt, ...)
{
        Error fresh;
        va_list args;

        va_start(args, fmt);
        (void)error_vset(&fresh, code, fmt, args);
        va_end(args);
        (void)snprintf(fresh.field, sizeof fresh.field, "%s", field);
        trim_cut_character(fresh.field);
        if (err)
                *err = fresh;
        return code;
}

ErrorCode error_no_memory(Error *err)
{
        return error_set(err, ERROR_INTERNAL, "out of memory");
}

const char *error_code_name(ErrorCode code)
{
        assert(code >= 0 && code < ERROR_CODE_COUNT);
        return code_names[code];
}

bool error_is_retriable(ErrorCode code)
{
        return code == ERROR_CONFLICT || code == ERROR_UNAVAILABLE;
}
