#include "repair_sql.h"

#include <stdio.h>

#include "common/model/model_column.h"
#include "common/model/sql_text.h"
#include "view_sql.h"

void repair_sql_index(Buffer *sql, const View *view)
{
        buffer_append_string(sql, "CREATE INDEX IF NOT EXISTS rows_of_aggregate ON ");
        view_sql_table(sql, view, view->model->view);
        buffer_append_string(sql, " (\"_aggregate\") WHERE \"id\" <> \"_aggregate\";\n");
}

static void append_stored(Buffer *sql, const View *view, const char *condition)
{
        buffer_append_string(sql, "    SELECT ");
        for (size_t c = 0; c < view->n_columns; c++) {
                sql_quote_name(sql, view->columns[c].name);
                buffer_append_string(sql, ", ");
        }
        buffer_append_string(sql, "\"_aggregate\", \"_sequence\" FROM ");
        view_sql_table(sql, view, view->model->view);
        buffer_printf(sql, " WHERE %s\n", condition);
}

/* The values as the write statement makes them, so that the comparison is one of columns, not of texts. */
static void append_made(Buffer *sql, const View *view)
{
        size_t c = 0;

        buffer_append_string(sql, "    SELECT u.n, ");
        for (size_t i = 0; i < view->model->n_fields; i++) {
                char name[24];

                if (view->model->fields[i].kind != FIELD_COLUMN)
                        continue;
                (void)snprintf(name, sizeof name, "u.c%zu", c++);
                model_column_from_text(sql, &view->model->fields[i], name);
                buffer_append_string(sql, " AS ");
                sql_quote_name(sql, view->model->fields[i].name);
                buffer_append_string(sql, ", ");
        }
        buffer_append_string(sql, "u.aggregate AS \"_aggregate\", u.sequence AS \"_sequence\""
                                  " FROM unnest(");
        for (c = 0; c < view->n_columns; c++)
                buffer_printf(sql, "$%zu::text[], ", c + 2);
        buffer_printf(sql, "$%zu::text[], $%zu::int8[]) WITH ORDINALITY AS u (",
                      view->n_columns + 2, view->n_columns + 3);
        for (c = 0; c < view->n_columns; c++)
                buffer_printf(sql, "c%zu, ", c);
        buffer_append_string(sql, "aggregate, sequence, n)\n");
}

/* json has no equality, so texts are compared: of values of one type. */
static void append_texts(Buffer *sql, const View *view, const char *alias)
{
        buffer_append_string(sql, "(");
        for (size_t c = 0; c < view->n_columns; c++) {
                buffer_printf(sql, "%s.", alias);
                sql_quote_name(sql, view->columns[c].name);
                buffer_append_string(sql, "::text, ");
        }
        buffer_printf(sql, "%s.\"_sequence\")", alias);
}

void repair_sql_differ(Buffer *sql, const View *view)
{
        buffer_append_string(sql, "WITH stored AS MATERIALIZED (\n");
        append_stored(sql, view,
                      "(\"id\", \"_aggregate\") IN (SELECT k, k FROM unnest($1::text[]) AS k)");
        buffer_append_string(sql, "    UNION ALL\n");
        append_stored(sql, view, "\"_aggregate\" = ANY ($1::text[]) AND \"id\" <> \"_aggregate\"");
        buffer_append_string(sql, "), made AS MATERIALIZED (\n");
        append_made(sql, view);
        buffer_append_string(
                sql,
                ")\nSELECT m.n, s.\"id\", s.\"_aggregate\", s.\"_sequence\" > m.\"_sequence\" FROM made AS m FULL JOIN "
                "stored AS s\n"
                "    ON m.\"id\" = s.\"id\" AND m.\"_aggregate\" = s.\"_aggregate\"\n"
                "WHERE m.\"id\" IS NULL OR s.\"id\" IS NULL OR ");
        append_texts(sql, view, "m");
        buffer_append_string(sql, " IS DISTINCT FROM ");
        append_texts(sql, view, "s");
        buffer_append_string(
                sql, "\nORDER BY coalesce(m.\"_aggregate\", s.\"_aggregate\") COLLATE \"C\", m.n");
}

void repair_sql_lower(Buffer *sql, const View *view)
{
        buffer_append_string(sql, "UPDATE ");
        view_sql_table(sql, view, view->model->view);
        buffer_append_string(sql, " AS t SET \"_sequence\" = 0\n"
                                  "FROM unnest($1::text[], $2::text[]) AS k (id, aggregate)\n"
                                  "WHERE t.\"id\" = k.id AND t.\"_aggregate\" = k.aggregate");
}
