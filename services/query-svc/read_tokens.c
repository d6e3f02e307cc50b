#include "read_tokens.h"

#include <inttypes.h>
#include <string.h>

void read_tokens_deinit(ReadTokens *tokens)
{
        free(tokens->tokens);
        *tokens = (ReadTokens){ .tokens = NULL };
}

static ErrorCode add_token(ReadTokens *tokens, const Token *token, const char *field, Error *err)
{
        if (tokens->n_tokens == READ_TOKENS_MAX)
                return error_set_field(err, ERROR_MALFORMED, field, "%s: more than %d tokens",
                                       field, READ_TOKENS_MAX);
        if (tokens->n_tokens == tokens->capacity) {
                size_t capacity = tokens->capacity ? 2 * tokens->capacity : 4;
                Token *grown = realloc(tokens->tokens, capacity * sizeof *grown);

                if (!grown)
                        return error_no_memory(err);
                tokens->tokens = grown;
                tokens->capacity = capacity;
        }
        tokens->tokens[tokens->n_tokens++] = *token;
        return ERROR_NONE;
}

ErrorCode read_tokens_add(ReadTokens *tokens, const char *field, const char *text, Error *err)
{
        for (const char *p = text; p;) {
                char item[TOKEN_TEXT_SIZE];
                size_t size = strcspn(p, ",");
                Token token;
                ErrorCode code;

                /* repeated headers come joined by ", " */
                while (size && *p == ' ') {
                        p++;
                        size--;
                }
                if (size >= sizeof item)
                        return error_set_field(err, ERROR_MALFORMED, field,
                                               "%s: not a consistency token", field);
                memcpy(item, p, size);
                item[size] = '\0';
                if (token_parse(item, &token, NULL))
                        return error_set_field(err, ERROR_MALFORMED, field,
                                               "%s: not a consistency token", field);
                code = add_token(tokens, &token, field, err);
                if (code)
                        return code;
                p = p[size] ? p + size + 1 : NULL;
        }
        return ERROR_NONE;
}

void read_tokens_arrays(const ReadTokens *tokens, Buffer *types, Buffer *partitions,
                        Buffer *positions)
{
        buffer_append_char(types, '{');
        buffer_append_char(partitions, '{');
        buffer_append_char(positions, '{');
        for (size_t i = 0; i < tokens->n_tokens; i++) {
                const Token *token = &tokens->tokens[i];
                const char *comma = i ? "," : "";

                buffer_printf(types, "%s\"%s\"", comma, token->aggregate_type);
                buffer_printf(partitions, "%s%" PRId32, comma, token->partition);
                buffer_printf(positions, "%s%" PRId64, comma, token->position);
        }
        buffer_append_char(types, '}');
        buffer_append_char(partitions, '}');
        buffer_append_char(positions, '}');
}
