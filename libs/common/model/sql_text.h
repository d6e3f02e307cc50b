#pragma once

/*
 * sql_text.h — SQL statements in the making: text and the values of its parameters.
 *
 * Whatever comes from a client goes in as a parameter; names and literals come from the schema only.
 */

#include <stddef.h>

#include "common/base/buffer.h"

#define SQL_PARAMS_MAX 64

typedef struct SqlText {
        Buffer text;
        char *params[SQL_PARAMS_MAX]; /* text of $1, $2 …; owned */
        size_t n_params;
} SqlText;

#define SQL_TEXT_INIT ((SqlText){ .n_params = 0 })

void sql_text_deinit(SqlText *sql);

/* Append plain SQL. */
void sql_append(SqlText *sql, const char *text);
_printf_(2, 3) void sql_printf(SqlText *sql, const char *fmt, ...);

/* Remember @value (copied) as the next parameter. The caller keeps to SQL_PARAMS_MAX.
 * Return: its number, from 1. */
size_t sql_param_value(SqlText *sql, const char *value);

/* The same, and append it as $n::type; sql_param_again() names it once more. */
size_t sql_param(SqlText *sql, const char *value, const char *type);
void sql_param_again(SqlText *sql, size_t n, const char *type);

/* Append alias."name". */
void sql_column(SqlText *sql, const char *alias, const char *name);

/* Append @name as a quoted identifier: "createdAt". */
void sql_quote_name(Buffer *buffer, const char *name);

/* Append @text as a string literal: 'it''s'. @text holds no NUL. */
void sql_quote_literal(Buffer *buffer, const char *text);
