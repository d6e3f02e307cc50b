#pragma once

/*
 * read_tokens.h — the consistency tokens of a read: what its views must show before it is answered.
 *
 * A command answers with one token, a read with one per log partition, comma-separated; both are taken.
 */

#include "common/base/buffer.h"
#include "common/event/token.h"

#define READ_TOKENS_MAX 1024 /* log partitions that one read can name */

typedef struct ReadTokens {
        Token *tokens;
        size_t n_tokens;
        size_t capacity;
} ReadTokens;

void read_tokens_deinit(ReadTokens *tokens);

/* Take the tokens of @text. ERROR_MALFORMED with @field, the header or parameter they came in. */
_must_check_ ErrorCode read_tokens_add(ReadTokens *tokens, const char *field, const char *text,
                                       Error *err);

/* The tokens as three array literals of PostgreSQL: aggregate types, partitions, positions. */
void read_tokens_arrays(const ReadTokens *tokens, Buffer *types, Buffer *partitions,
                        Buffer *positions);
