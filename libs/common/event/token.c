#include "common/event/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void token_format(const Token *token, char ret_text[TOKEN_TEXT_SIZE])
{
        (void)snprintf(ret_text, TOKEN_TEXT_SIZE, "%s.%" PRId32 ".%" PRId64, token->aggregate_type,
                       token->partition, token->position);
}

/* The digits at *@p, at most 18 of them, behind a dot. */
static bool read_number(const char **p, int64_t *ret)
{
        int64_t value = 0;
        int digits = 0;

        if (**p != '.')
                return false;
        for ((*p)++; **p >= '0' && **p <= '9'; (*p)++, digits++) {
                if (digits == 18)
                        return false;
                value = value * 10 + (**p - '0');
        }
        *ret = value;
        return digits > 0;
}

ErrorCode token_parse(const char *text, Token *ret, Error *err)
{
        size_t type_size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
        const char *p = text + type_size;
        int64_t partition, position;
        Token token = { 0 };

        if (type_size < 1 || type_size >= sizeof token.aggregate_type ||
            !read_number(&p, &partition) || !read_number(&p, &position) || *p ||
            partition > INT32_MAX)
                return error_set_field(err, ERROR_MALFORMED, "X-Consistency-Token",
                                       "not a consistency token of this system");
        memcpy(token.aggregate_type, text, type_size);
        token.partition = (int32_t)partition;
        token.position = position;
        *ret = token;
        return ERROR_NONE;
}
