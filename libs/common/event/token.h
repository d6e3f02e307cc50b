#pragma once

/*
 * token.h — the consistency token: opaque text that says "this position of this log partition".
 */

#include <stdint.h>

#include "common/base/error.h"

#define TOKEN_TEXT_SIZE 160

typedef struct Token {
        char aggregate_type[64];
        int32_t partition;
        int64_t position;
} Token;

void token_format(const Token *token, char ret_text[TOKEN_TEXT_SIZE]);

/* Return: ERROR_NONE, or ERROR_MALFORMED. Thread: any. */
_must_check_ ErrorCode token_parse(const char *text, Token *ret, Error *err);
