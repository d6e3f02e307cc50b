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

/* Bytes that the first byte of a UTF-8 character announces; 0 when no character starts with it. */
static size_t announced_size(unsigned char first)
{
        if (first < 0x80)
                return 1;
        if (first < 0xc2)
                return 0;
        if (first < 0xe0)
                return 2;
        if (first < 0xf0)
                return 3;
        return first < 0xf5 ? 4 : 0;
}

/* Whether @p continues as @size bytes of one character: no overlong form, no surrogate, no end. */
static bool is_character(const unsigned char *p, size_t size)
{
        for (size_t i = 1; i < size; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return false;
        }
        return !(p[0] == 0xe0 && p[1] < 0xa0) && !(p[0] == 0xed && p[1] > 0x9f) &&
               !(p[0] == 0xf0 && p[1] < 0x90) && !(p[0] == 0xf4 && p[1] > 0x8f);
}

/* Messages quote what others sent and go into JSON: what is no UTF-8 becomes "?", and a character that
 * was @cut at the end goes. */
static void make_utf8(char *text, bool cut)
{
        unsigned char *p = (unsigned char *)text, *end = p + strlen(text);

        while (p < end) {
                size_t size = announced_size(*p);

                if (size > (size_t)(end - p) && cut) {
                        *p = '\0';
                        return;
                }
                if (size && size <= (size_t)(end - p) && is_character(p, size))
                        p += size;
                else
                        *p++ = '?';
        }
}

ErrorCode error_vset(Error *err, ErrorCode code, const char *fmt, va_list args)
{
        assert(code != ERROR_NONE);

        if (err) {
                Error fresh = { .code = code };
                int size;

                /* Not in place: the arguments may be texts of @err itself. */
                size = vsnprintf(fresh.message, sizeof fresh.message, fmt, args);
                make_utf8(fresh.message, size >= (int)sizeof fresh.message);
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
        int size;

        va_start(args, fmt);
        (void)error_vset(&fresh, code, fmt, args);
        va_end(args);
        size = snprintf(fresh.field, sizeof fresh.field, "%s", field);
        make_utf8(fresh.field, size >= (int)sizeof fresh.field);
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
