#include "common/model/sdl_document.h"

#include <string.h>

/* One token of look-ahead over the lexer. */
typedef struct Parser {
        SdlDocument *document;
        SdlLexer lexer;
        SdlToken token;
        Error *err;
} Parser;

static void parser_deinit(Parser *parser)
{
        sdl_lexer_deinit(&parser->lexer);
}

void sdl_document_deinit(SdlDocument *document)
{
        arena_deinit(&document->arena);
        *document = SDL_DOCUMENT_INIT;
}

static ErrorCode advance(Parser *parser)
{
        return sdl_lexer_next(&parser->lexer, &parser->token, parser->err);
}

static ErrorCode unexpected(Parser *parser, const char *wanted)
{
        char found[SDL_NAME_BYTES_MAX + 3];

        sdl_token_describe(&parser->token, found, sizeof found);
        return sdl_error(parser->err, parser->document->name, parser->token.at,
                         "expected %s, found %s", wanted, found);
}

static bool at_punctuator(const Parser *parser, char c)
{
        return parser->token.kind == SDL_TOKEN_PUNCTUATOR && parser->token.punctuator == c;
}

static bool at_name(const Parser *parser, const char *name)
{
        return parser->token.kind == SDL_TOKEN_NAME && strlen(name) == parser->token.size &&
               memcmp(parser->token.text, name, parser->token.size) == 0;
}

/* Go past @c when it is there. */
static ErrorCode accept(Parser *parser, char c, bool *ret_there)
{
        *ret_there = at_punctuator(parser, c);
        return *ret_there ? advance(parser) : ERROR_NONE;
}

static ErrorCode expect(Parser *parser, char c, const char *wanted)
{
        return at_punctuator(parser, c) ? advance(parser) : unexpected(parser, wanted);
}

static ErrorCode expect_name(Parser *parser, const char *wanted, const char **ret, SdlPosition *at)
{
        if (parser->token.kind != SDL_TOKEN_NAME)
                return unexpected(parser, wanted);
        *ret = arena_copy_n(&parser->document->arena, parser->token.text, parser->token.size);
        *at = parser->token.at;
        return advance(parser);
}

static ErrorCode too_many(Parser *parser, const char *what, int max)
{
        return sdl_error(parser->err, parser->document->name, parser->token.at, "more than %d %s",
                         max, what);
}

static ErrorCode skip_description(Parser *parser)
{
        return parser->token.kind == SDL_TOKEN_STRING ? advance(parser) : ERROR_NONE;
}

static ErrorCode parse_value(Parser *parser, unsigned depth, SdlValue **ret);

static ErrorCode parse_list(Parser *parser, unsigned depth, SdlValue *value)
{
        SdlValue **link = &value->items;
        ErrorCode code = advance(parser);
        int n = 0;

        value->kind = SDL_VALUE_LIST;
        while (!code && !at_punctuator(parser, ']')) {
                if (++n > SDL_ITEMS_MAX)
                        return too_many(parser, "items in a list", SDL_ITEMS_MAX);
                code = parse_value(parser, depth, link);
                if (code)
                        return code;
                link = &(*link)->next;
        }
        return code ? code : advance(parser);
}

/* name: value, name: value … up to @close, which is taken too. */
static ErrorCode parse_arguments(Parser *parser, char close, unsigned depth, SdlArgument **ret)
{
        SdlArgument **link = ret;
        ErrorCode code = advance(parser);
        int n = 0;

        while (!code && !at_punctuator(parser, close)) {
                SdlArgument *argument = arena_alloc(&parser->document->arena, 1, sizeof *argument);

                if (++n > SDL_ARGUMENTS_MAX)
                        return too_many(parser, "arguments", SDL_ARGUMENTS_MAX);
                code = expect_name(parser, "the name of an argument", &argument->name,
                                   &argument->at);
                if (!code)
                        code = expect(parser, ':', "\":\" and the argument's value");
                if (!code)
                        code = parse_value(parser, depth, &argument->value);
                if (code)
                        return code;
                for (const SdlArgument *other = *ret; other; other = other->next)
                        if (strcmp(other->name, argument->name) == 0)
                                return sdl_error(parser->err, parser->document->name, argument->at,
                                                 "argument \"%s\" is given twice", argument->name);
                *link = argument;
                link = &argument->next;
        }
        return code ? code : advance(parser);
}

static void scalar_value(Parser *parser, SdlValueKind kind, SdlValue *value)
{
        value->kind = kind;
        value->text =
                arena_copy_n(&parser->document->arena, parser->token.text, parser->token.size);
}

static ErrorCode parse_value(Parser *parser, unsigned depth, SdlValue **ret)
{
        SdlValue *value = arena_alloc(&parser->document->arena, 1, sizeof *value);

        if (depth == SDL_DEPTH_MAX)
                return sdl_error(parser->err, parser->document->name, parser->token.at,
                                 "nested more than %d levels deep", SDL_DEPTH_MAX);
        value->at = parser->token.at;
        *ret = value;
        switch (parser->token.kind) {
        case SDL_TOKEN_INT:
                scalar_value(parser, SDL_VALUE_INT, value);
                return advance(parser);
        case SDL_TOKEN_FLOAT:
                scalar_value(parser, SDL_VALUE_FLOAT, value);
                return advance(parser);
        case SDL_TOKEN_STRING:
                scalar_value(parser, SDL_VALUE_STRING, value);
                return advance(parser);
        case SDL_TOKEN_NAME:
                if (at_name(parser, "true") || at_name(parser, "false"))
                        scalar_value(parser, SDL_VALUE_BOOLEAN, value);
                else if (at_name(parser, "null"))
                        scalar_value(parser, SDL_VALUE_NULL, value);
                else
                        scalar_value(parser, SDL_VALUE_ENUM, value);
                return advance(parser);
        case SDL_TOKEN_PUNCTUATOR:
                if (parser->token.punctuator == '[')
                        return parse_list(parser, depth + 1, value);
                if (parser->token.punctuator == '{') {
                        value->kind = SDL_VALUE_OBJECT;
                        return parse_arguments(parser, '}', depth + 1, &value->members);
                }
                break;
        case SDL_TOKEN_END:
                break;
        }
        return unexpected(parser, "a value");
}

static ErrorCode parse_directives(Parser *parser, SdlDirective **ret)
{
        SdlDirective **link = ret;
        int n = 0;

        while (at_punctuator(parser, '@')) {
                SdlDirective *directive =
                        arena_alloc(&parser->document->arena, 1, sizeof *directive);
                ErrorCode code;

                if (++n > SDL_DIRECTIVES_MAX)
                        return too_many(parser, "directives in one place", SDL_DIRECTIVES_MAX);
                code = advance(parser);
                if (!code)
                        code = expect_name(parser, "the name of a directive", &directive->name,
                                           &directive->at);
                if (!code && at_punctuator(parser, '('))
                        code = parse_arguments(parser, ')', 0, &directive->arguments);
                if (code)
                        return code;
                *link = directive;
                link = &directive->next;
        }
        return ERROR_NONE;
}

static ErrorCode parse_type(Parser *parser, SdlField *field)
{
        ErrorCode code = accept(parser, '[', &field->list);

        if (!code && at_punctuator(parser, '['))
                return sdl_error(parser->err, parser->document->name, parser->token.at,
                                 "lists of lists are not supported");
        if (!code)
                code = expect_name(parser, "the name of a type", &field->type, &field->type_at);
        if (!code && field->list) {
                code = accept(parser, '!', &field->items_required);
                if (!code)
                        code = expect(parser, ']', "\"]\"");
        }
        return code ? code : accept(parser, '!', &field->required);
}

/* A field, or an enum's value. */
static ErrorCode parse_field(Parser *parser, SdlDefinitionKind kind, SdlField *field)
{
        ErrorCode code = skip_description(parser);

        if (!code)
                code = expect_name(parser,
                                   kind == SDL_TYPE ? "the name of a field" : "a value of the enum",
                                   &field->name, &field->at);
        if (!code && kind == SDL_TYPE) {
                if (at_punctuator(parser, '('))
                        return sdl_error(parser->err, parser->document->name, parser->token.at,
                                         "fields with arguments are not supported");
                code = expect(parser, ':', "\":\" and the field's type");
                if (!code)
                        code = parse_type(parser, field);
        }
        return code ? code : parse_directives(parser, &field->directives);
}

static ErrorCode parse_fields(Parser *parser, SdlDefinition *definition)
{
        SdlField **link = &definition->fields;
        ErrorCode code = expect(parser, '{', "\"{\"");

        while (!code && !at_punctuator(parser, '}')) {
                SdlField *field = arena_alloc(&parser->document->arena, 1, sizeof *field);

                if (++definition->n_fields > SDL_FIELDS_MAX)
                        return too_many(parser,
                                        definition->kind == SDL_TYPE ? "fields in one type"
                                                                     : "values in one enum",
                                        SDL_FIELDS_MAX);
                code = parse_field(parser, definition->kind, field);
                *link = field;
                link = &field->next;
        }
        return code ? code : advance(parser);
}

static ErrorCode parse_definition(Parser *parser, SdlDefinition *definition)
{
        ErrorCode code = skip_description(parser);

        if (code)
                return code;
        if (at_name(parser, "type")) {
                definition->kind = SDL_TYPE;
                parser->document->n_types++;
        } else if (at_name(parser, "enum")) {
                definition->kind = SDL_ENUM;
                parser->document->n_enums++;
        } else if (parser->token.kind == SDL_TOKEN_NAME) {
                return sdl_error(
                        parser->err, parser->document->name, parser->token.at,
                        "\"%.*s\" is not supported here: only type and enum definitions are",
                        (int)parser->token.size, parser->token.text);
        } else {
                return unexpected(parser, "\"type\" or \"enum\"");
        }
        code = advance(parser);
        if (!code)
                code = expect_name(parser,
                                   definition->kind == SDL_TYPE ? "the name of the type"
                                                                : "the name of the enum",
                                   &definition->name, &definition->at);
        if (!code && at_name(parser, "implements"))
                return sdl_error(parser->err, parser->document->name, parser->token.at,
                                 "interfaces are not supported");
        if (!code)
                code = parse_directives(parser, &definition->directives);
        return code ? code : parse_fields(parser, definition);
}

ErrorCode sdl_document_parse(SdlDocument *document, const char *name, const char *text, size_t size,
                             Error *err)
{
        _cleanup_(parser_deinit) Parser parser = { .document = document, .err = err };
        SdlDefinition **link = &document->definitions;
        ErrorCode code;

        document->name = name;
        sdl_lexer_init(&parser.lexer, name, text, size);
        code = advance(&parser);
        while (!code && parser.token.kind != SDL_TOKEN_END) {
                SdlDefinition *definition = arena_alloc(&document->arena, 1, sizeof *definition);

                if (document->n_types + document->n_enums == SDL_DEFINITIONS_MAX)
                        return too_many(&parser, "types and enums", SDL_DEFINITIONS_MAX);
                code = parse_definition(&parser, definition);
                *link = definition;
                link = &definition->next;
        }
        return code;
}
