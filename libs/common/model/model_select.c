#include "common/model/model_select.h"

#include <stdio.h>

#include "common/model/model_row.h"
#include "common/model/model_value.h"

#define ROW "t" /* alias of the model's own rows */

/* The statement being made; the user is one parameter however often it is asked for. */
typedef struct Select {
        SqlText *sql;
        const ModelSelect *select;
        size_t user_param;
} Select;

static void append_from(Select *s, const Model *model, const char *alias)
{
        sql_append(s->sql, " FROM read.");
        sql_quote_name(&s->sql->text, model->view);
        sql_printf(s->sql, " %s", alias);
}

static void append_reach(Select *s, const Model *model, const char *alias)
{
        auth_predicate(s->sql, model, s->select->reader, AUTH_READ, &s->user_param, alias);
}

/*
 * One of the rows with the same id, the same one each time. An aggregate's own row cannot be hidden by a
 * thing of the same id that somebody has in an aggregate of theirs.
 */
static void append_first(Select *s, const char *alias)
{
        sql_append(s->sql, "(");
        sql_column(s->sql, alias, "_aggregate");
        sql_append(s->sql, " = ");
        sql_column(s->sql, alias, "id");
        sql_append(s->sql, ") DESC, ");
        sql_column(s->sql, alias, "_aggregate");
        sql_append(s->sql, " LIMIT 1");
}

/* A row of @model as a JSON object. */
static void append_object(Select *s, const Model *model, const char *alias)
{
        sql_append(s->sql, "(SELECT row_to_json(r) FROM (SELECT ");
        model_row_fields(&s->sql->text, model, alias);
        sql_append(s->sql, ") r)");
}

/* FROM and WHERE of the rows that @relation means, within reach. */
static void append_related(Select *s, const Field *relation, const char *alias)
{
        bool many = relation->kind == FIELD_HAS_MANY;

        append_from(s, relation->related, alias);
        sql_append(s->sql, " WHERE ");
        sql_column(s->sql, alias, many ? relation->reference : "id");
        sql_append(s->sql, " = ");
        sql_column(s->sql, ROW, many ? "id" : relation->reference);
        sql_append(s->sql, " AND ");
        append_reach(s, relation->related, alias);
}

static void append_by_key(Select *s, const char *alias)
{
        sql_append(s->sql, " ORDER BY ");
        sql_column(s->sql, alias, "id");
        sql_append(s->sql, ", ");
        sql_column(s->sql, alias, "_aggregate");
}

/* What page_cursor_format() makes behind the last row that is sent. */
static void append_cursor(Select *s, size_t number, const char *alias)
{
        size_t limit = s->select->include_limit;

        sql_append(s->sql, "translate(encode(convert_to('[\"' || left(encode(sha256(convert_to(");
        sql_quote_literal(&s->sql->text, s->select->include_bindings[number]);
        sql_append(s->sql, " || " ROW ".\"id\", 'UTF8') || '\\x00'), 'hex'), 16)");
        sql_printf(s->sql,
                   " || '\",' || to_json(max(%s.\"id\") FILTER (WHERE %s.\"_n\" = %zu))::text"
                   " || ',' || to_json(max(%s.\"_aggregate\") FILTER (WHERE %s.\"_n\" = %zu))::text"
                   " || ']', 'UTF8'), 'base64'), E'+/=\\n', '-_')",
                   alias, alias, limit, alias, alias, limit);
}

/* One row more than is sent, so that the end is known. */
static void append_list(Select *s, const Field *relation, size_t number, const char *alias)
{
        size_t limit = s->select->include_limit;

        sql_append(s->sql, "(SELECT row_to_json(c) FROM (SELECT coalesce(array_to_json(array_agg(");
        append_object(s, relation->related, alias);
        sql_printf(s->sql,
                   " ORDER BY %s.\"_n\") FILTER (WHERE %s.\"_n\" <= %zu)), '[]') AS items, ", alias,
                   alias, limit);
        sql_printf(s->sql, "CASE WHEN count(*) > %zu THEN ", limit);
        append_cursor(s, number, alias);
        sql_printf(s->sql, " END AS \"nextCursor\" FROM (SELECT %s.*, row_number() OVER (", alias);
        append_by_key(s, alias);
        sql_printf(s->sql, ") AS \"_n\" FROM (SELECT %s.*", alias);
        append_related(s, relation, alias);
        append_by_key(s, alias);
        sql_printf(s->sql, " LIMIT %zu) %s) %s) c)", limit + 1, alias, alias);
}

/* What the same aggregate calls so comes first. */
static void append_one(Select *s, const Field *relation, const char *alias)
{
        sql_append(s->sql, "(SELECT ");
        append_object(s, relation->related, alias);
        append_related(s, relation, alias);
        sql_append(s->sql, " ORDER BY (");
        sql_column(s->sql, alias, "_aggregate");
        sql_append(s->sql, " = ");
        sql_column(s->sql, ROW, "_aggregate");
        sql_append(s->sql, ") DESC, ");
        append_first(s, alias);
        sql_append(s->sql, ")");
}

/* The related rows of one relation as JSON: a list, or an object or null. */
static void append_include(Select *s, const Field *relation, size_t number)
{
        char alias[24];

        (void)snprintf(alias, sizeof alias, "i%zu", number);
        if (relation->kind == FIELD_HAS_MANY)
                append_list(s, relation, number, alias);
        else
                append_one(s, relation, alias);
        sql_append(s->sql, " AS ");
        sql_quote_name(&s->sql->text, relation->name);
}

/* A row as JSON text. */
static void append_row(Select *s)
{
        const ModelSelect *select = s->select;

        sql_append(s->sql, "(SELECT row_to_json(r)::text FROM (SELECT ");
        if (select->fields) {
                for (size_t i = 0; i < select->n_fields; i++) {
                        sql_append(s->sql, i ? ", " : "");
                        model_row_field(&s->sql->text, select->fields[i], ROW);
                }
        } else {
                model_row_fields(&s->sql->text, select->model, ROW);
        }
        for (size_t i = 0; i < select->n_includes; i++) {
                sql_append(s->sql, ", ");
                append_include(s, select->includes[i], i);
        }
        sql_append(s->sql, ") r)");
}

static void append_guard(Select *s)
{
        if (!s->select->guard)
                return;
        sql_append(s->sql, " AND ");
        sql_append(s->sql, s->select->guard);
}

void model_select_get(SqlText *sql, const ModelSelect *select, const char *id)
{
        Select s = { .sql = sql, .select = select };

        sql_append(sql, "SELECT (SELECT ");
        append_row(&s);
        append_from(&s, select->model, ROW);
        sql_append(sql, " WHERE " ROW ".\"id\" = ");
        (void)sql_param(sql, id, "text");
        sql_append(sql, " AND ");
        append_reach(&s, select->model, ROW);
        append_guard(&s);
        sql_append(sql, " ORDER BY ");
        append_first(&s, ROW);
        sql_append(sql, ") AS item");
}

/* One row more than the page holds, so that its end is known. */
static void append_page(Select *s, const Keyset *keyset, char *const *after, size_t limit)
{
        sql_append(s->sql, "SELECT " ROW ".*");
        append_from(s, s->select->model, ROW);
        sql_append(s->sql, " WHERE ");
        append_reach(s, s->select->model, ROW);
        append_guard(s);
        if (s->select->filter) {
                sql_append(s->sql, " AND ");
                filter_sql(s->sql, s->select->filter, ROW);
        }
        if (after) {
                sql_append(s->sql, " AND ");
                keyset_after(s->sql, keyset, ROW, after);
        }
        sql_append(s->sql, " ORDER BY ");
        keyset_order(s->sql, keyset, ROW);
        sql_printf(s->sql, " LIMIT %zu", limit + 1);
}

static void append_keys(Select *s, const Keyset *keyset, size_t limit)
{
        for (size_t i = 0; i < keyset->n_keys; i++) {
                const Field *field = keyset->keys[i].field;
                _cleanup_(sql_text_deinit) SqlText column = SQL_TEXT_INIT;

                sql_column(&column, ROW, field->name);
                sql_append(s->sql, ", max(");
                model_value_text(&s->sql->text, field, buffer_text(&column.text));
                sql_printf(s->sql, ") FILTER (WHERE " ROW ".\"_n\" = %zu)", limit);
        }
}

void model_select_list(SqlText *sql, const ModelSelect *select, const Keyset *keyset,
                       char *const *after, size_t limit)
{
        Select s = { .sql = sql, .select = select };

        sql_append(sql, "SELECT '[' || coalesce(string_agg(");
        append_row(&s);
        sql_printf(sql,
                   ", ',' ORDER BY " ROW ".\"_n\") FILTER (WHERE " ROW
                   ".\"_n\" <= %zu), '') || ']' AS items, count(*) > %zu AS more",
                   limit, limit);
        append_keys(&s, keyset, limit);
        sql_append(sql, " FROM (SELECT " ROW ".*, row_number() OVER (ORDER BY ");
        keyset_order(sql, keyset, ROW);
        sql_append(sql, ") AS \"_n\" FROM (");
        append_page(&s, keyset, after, limit);
        sql_append(sql, ") " ROW ") " ROW);
}
