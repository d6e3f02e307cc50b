#include "common/event/token.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void token_format(const Token *token, char ret_text[TOKEN_TEXT_SIZE])
{
        (void)snprintf(ret_text, TOKEN_TEXT_SIZE, "%s.%" PRId32 ".%" PRId64, token->aggregate_type,
                       token->partition, token->position);
}

ErrorCode token_parse(const char *text, Token *ret, Error *err)
{
        Token token = { 0 };
        int end = -1;

        if (strlen(text) >= TOKEN_TEXT_SIZE ||
            sscanf(text, "%63[a-z0-9_].%9" SCNd32 ".%18" SCNd64 "%n", token.aggregate_type,
                   &token.partition, &token.position, &end) != 3 ||
            text[end] || token.partition < 0 || token.position < 0)
                return error_set_field(err, ERROR_MALFORMED, "X-Consistency-Token",
                                       "not a consistency token of this system");
        *ret = token;
        return ERROR_NONE;
}
