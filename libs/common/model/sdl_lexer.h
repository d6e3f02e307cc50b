#pragma once

/*
 * sdl_lexer.h — the tokens of a GraphQL document, with their places.
 */

#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

#define SDL_NAME_BYTES_MAX 63 /* longest name: a column of PostgreSQL must be able to carry it */

typedef struct SdlPosition {
        unsigned line;   /* from 1 */
        unsigned column; /* from 1, in characters */
} SdlPosition;

typedef enum SdlTokenKind {
        SDL_TOKEN_END,
        SDL_TOKEN_PUNCTUATOR, /* .punctuator; '.' stands for "..." */
        SDL_TOKEN_NAME,
        SDL_TOKEN_INT,
        SDL_TOKEN_FLOAT,
        SDL_TOKEN_STRING, /* .text is decoded */
} SdlTokenKind;

typedef struct SdlToken {
        SdlTokenKind kind;
        char punctuator;
        SdlPosition at;
        const char *text; /* valid until the next token is read; not NUL-terminated */
        size_t size;
} SdlToken;

typedef struct SdlLexer {
        const char *name; /* of the source, for messages */
        const char *p, *end;
        const char *line_start;
        unsigned line;
        Buffer string; /* the last string, decoded */
} SdlLexer;

/* @name and @text are borrowed. */
void sdl_lexer_init(SdlLexer *lexer, const char *name, const char *text, size_t size);
void sdl_lexer_deinit(SdlLexer *lexer);

/* Read the next token; comments, commas and white space are skipped.
 * Return: ERROR_NONE, or ERROR_MALFORMED. */
_must_check_ ErrorCode sdl_lexer_next(SdlLexer *lexer, SdlToken *ret, Error *err);

/* Fill @err with "name:line:column: message" and return ERROR_MALFORMED. */
_printf_(4, 5) ErrorCode
        sdl_error(Error *err, const char *name, SdlPosition at, const char *fmt, ...);

/* "name", "string", "\"{\"": what a token is, for messages; written to @ret_text. */
void sdl_token_describe(const SdlToken *token, char *ret_text, size_t size);
