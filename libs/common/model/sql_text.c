#include "common/model/sql_text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sql_text_deinit(SqlText *sql)
{
        buffer_deinit(&sql->text);
        for (size_t i = 0; i < sql->n_params; i++)
                free(sql->params[i]);
        *sql = SQL_TEXT_INIT;
}

void sql_append(SqlText *sql, const char *text)
{
        buffer_append_string(&sql->text, text);
}

void sql_printf(SqlText *sql, const char *fmt, ...)
{
        char text[256];
        va_list args;
        int size;

        va_start(args, fmt);
        size = vsnprintf(text, sizeof text, fmt, args);
        va_end(args);
        assert(size >= 0 && (size_t)size < sizeof text);
        buffer_append(&sql->text, text, (size_t)size);
}

size_t sql_param_value(SqlText *sql, const char *value)
{
        Buffer copy = BUFFER_INIT;

        assert(sql->n_params < SQL_PARAMS_MAX);
        buffer_append_string(&copy, value);
        sql->params[sql->n_params++] = buffer_take(&copy);
        return sql->n_params;
}

size_t sql_param(SqlText *sql, const char *value, const char *type)
{
        size_t n = sql_param_value(sql, value);

        sql_param_again(sql, n, type);
        return n;
}

void sql_param_again(SqlText *sql, size_t n, const char *type)
{
        sql_printf(sql, "$%zu::%s", n, type);
}

void sql_column(SqlText *sql, const char *alias, const char *name)
{
        sql_append(sql, alias);
        sql_append(sql, ".");
        sql_quote_name(&sql->text, name);
}

/* Append @text between two @quote characters, those inside doubled. */
static void append_quoted(Buffer *buffer, const char *text, char quote)
{
        buffer_append_char(buffer, quote);
        for (const char *p = text; *p; p++) {
                if (*p == quote)
                        buffer_append_char(buffer, quote);
                buffer_append_char(buffer, *p);
        }
        buffer_append_char(buffer, quote);
}

void sql_quote_name(Buffer *buffer, const char *name)
{
        append_quoted(buffer, name, '"');
}

void sql_quote_literal(Buffer *buffer, const char *text)
{
        /* With a backslash the E'' form says the same under any standard_conforming_strings. */
        if (!strchr(text, '\\')) {
                append_quoted(buffer, text, '\'');
                return;
        }
        buffer_append_string(buffer, "E'");
        for (const char *p = text; *p; p++) {
                if (*p == '\'' || *p == '\\')
                        buffer_append_char(buffer, *p);
                buffer_append_char(buffer, *p);
        }
        buffer_append_char(buffer, '\'');
}
