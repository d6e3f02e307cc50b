#include "common/model/sdl_lexer.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/model/sdl_string.h"

void sdl_lexer_init(SdlLexer *lexer, const char *name, const char *text, size_t size)
{
        *lexer = (SdlLexer){
                .name = name, .p = text, .end = text + size, .line_start = text, .line = 1
        };
        if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* byte order mark */
                lexer->p += 3;
                lexer->line_start = lexer->p;
        }
}

void sdl_lexer_deinit(SdlLexer *lexer)
{
        buffer_deinit(&lexer->string);
}

ErrorCode sdl_error(Error *err, const char *name, SdlPosition at, const char *fmt, ...)
{
        char message[sizeof err->message];
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(message, sizeof message, fmt, args);
        va_end(args);
        return error_set(err, ERROR_MALFORMED, "%s:%u:%u: %s", name, at.line, at.column, message);
}

static SdlPosition position_of(const SdlLexer *lexer, const char *p)
{
        SdlPosition at = { .line = lexer->line, .column = 1 };

        for (const char *q = lexer->line_start; q < p; q++)
                if (((unsigned char)*q & 0xc0) != 0x80)
                        at.column++;
        return at;
}

static bool is_name_start(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static void skip_ignored(SdlLexer *lexer)
{
        while (lexer->p < lexer->end) {
                char c = *lexer->p;

                if (c == '\n' || c == '\r') {
                        lexer->p++;
                        if (c == '\r' && lexer->p < lexer->end && *lexer->p == '\n')
                                lexer->p++;
                        lexer->line++;
                        lexer->line_start = lexer->p;
                } else if (c == ' ' || c == '\t' || c == ',') {
                        lexer->p++;
                } else if (c == '#') {
                        while (lexer->p < lexer->end && *lexer->p != '\n' && *lexer->p != '\r')
                                lexer->p++;
                } else {
                        return;
                }
        }
}

static ErrorCode lex_name(SdlLexer *lexer, SdlToken *ret, Error *err)
{
        const char *start = lexer->p;

        while (lexer->p < lexer->end && (is_name_start(*lexer->p) || is_digit(*lexer->p)))
                lexer->p++;
        ret->kind = SDL_TOKEN_NAME;
        ret->text = start;
        ret->size = (size_t)(lexer->p - start);
        if (ret->size > SDL_NAME_BYTES_MAX)
                return sdl_error(err, lexer->name, ret->at, "name is longer than %d bytes",
                                 SDL_NAME_BYTES_MAX);
        return ERROR_NONE;
}

static const char *skip_digits(const char *p, const char *end)
{
        while (p < end && is_digit(*p))
                p++;
        return p;
}

static ErrorCode lex_number(SdlLexer *lexer, SdlToken *ret, Error *err)
{
        const char *start = lexer->p, *p = start, *digits;
        bool good;

        ret->kind = SDL_TOKEN_INT;
        if (*p == '-')
                p++;
        digits = p;
        p = skip_digits(p, lexer->end);
        good = p > digits && (*digits != '0' || p == digits + 1);
        if (good && p < lexer->end && *p == '.') {
                digits = ++p;
                p = skip_digits(p, lexer->end);
                good = p > digits;
                ret->kind = SDL_TOKEN_FLOAT;
        }
        if (good && p < lexer->end && (*p == 'e' || *p == 'E')) {
                p++;
                if (p < lexer->end && (*p == '+' || *p == '-'))
                        p++;
                digits = p;
                p = skip_digits(p, lexer->end);
                good = p > digits;
                ret->kind = SDL_TOKEN_FLOAT;
        }
        if (!good || (p < lexer->end && (is_name_start(*p) || *p == '.')))
                return sdl_error(err, lexer->name, ret->at, "not a number");
        ret->text = start;
        ret->size = (size_t)(p - start);
        lexer->p = p;
        return ERROR_NONE;
}

/* A string token; a block string may span lines, which are counted here. */
static ErrorCode lex_string(SdlLexer *lexer, SdlToken *ret, Error *err)
{
        const char *fault = NULL, *start = lexer->p, *end;

        buffer_clear(&lexer->string);
        end = sdl_string_decode(&lexer->string, start, lexer->end, &fault);
        if (!end)
                return sdl_error(err, lexer->name, ret->at, "%s", fault);
        for (const char *p = start; p < end; p++) {
                if (*p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n'))) {
                        lexer->line++;
                        lexer->line_start = p + 1;
                }
        }
        ret->kind = SDL_TOKEN_STRING;
        ret->text = buffer_text(&lexer->string);
        ret->size = lexer->string.size;
        lexer->p = end;
        return ERROR_NONE;
}

static ErrorCode lex_punctuator(SdlLexer *lexer, SdlToken *ret, Error *err)
{
        unsigned char c = (unsigned char)*lexer->p;

        ret->kind = SDL_TOKEN_PUNCTUATOR;
        ret->text = lexer->p;
        ret->size = 1;
        ret->punctuator = (char)c;
        if (c == '.') {
                if (lexer->end - lexer->p < 3 || memcmp(lexer->p, "...", 3) != 0)
                        return sdl_error(err, lexer->name, ret->at, "unexpected \".\"");
                ret->size = 3;
        } else if (!c || !strchr("!$&():=@[]{|}", c)) {
                if (c > 0x20 && c < 0x7f)
                        return sdl_error(err, lexer->name, ret->at, "unexpected \"%c\"", c);
                return sdl_error(err, lexer->name, ret->at, "unexpected byte 0x%02x", c);
        }
        lexer->p += ret->size;
        return ERROR_NONE;
}

ErrorCode sdl_lexer_next(SdlLexer *lexer, SdlToken *ret, Error *err)
{
        char c;

        skip_ignored(lexer);
        *ret = (SdlToken){ .kind = SDL_TOKEN_END, .at = position_of(lexer, lexer->p) };
        if (lexer->p == lexer->end)
                return ERROR_NONE;
        c = *lexer->p;
        if (is_name_start(c))
                return lex_name(lexer, ret, err);
        if (is_digit(c) || c == '-')
                return lex_number(lexer, ret, err);
        if (c == '"')
                return lex_string(lexer, ret, err);
        return lex_punctuator(lexer, ret, err);
}

void sdl_token_describe(const SdlToken *token, char *ret_text, size_t size)
{
        switch (token->kind) {
        case SDL_TOKEN_END:
                (void)snprintf(ret_text, size, "the end of the text");
                break;
        case SDL_TOKEN_STRING:
                (void)snprintf(ret_text, size, "a string");
                break;
        case SDL_TOKEN_PUNCTUATOR:
        case SDL_TOKEN_NAME:
        case SDL_TOKEN_INT:
        case SDL_TOKEN_FLOAT:
                (void)snprintf(ret_text, size, "\"%.*s\"", (int)token->size, token->text);
                break;
        }
}
