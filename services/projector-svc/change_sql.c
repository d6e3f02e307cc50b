#include "change_sql.h"

#include <stdio.h>

#include "common/model/model_column.h"
#include "common/model/model_row.h"
#include "common/model/sql_text.h"
#include "view_sql.h"

void change_sql_images_view(Buffer *sql, const View *view)
{
        buffer_append_string(sql, "CREATE VIEW ");
        view_sql_table(sql, view, "_images");
        buffer_append_string(sql, " AS SELECT t.\"id\" AS id, t.\"_aggregate\" AS aggregate, ");
        model_row_json(sql, view->model, "t");
        buffer_append_string(sql, " AS image FROM ");
        view_sql_table(sql, view, view->model->view);
        buffer_append_string(sql, " AS t;\n");
}

/* As a shared row was before: what was added, "u", taken from what it is now, "s". Labels stay. */
static void append_columns_before(Buffer *sql, const View *view)
{
        for (size_t i = 0, c = 0; i < view->model->n_fields; i++) {
                const Field *field = &view->model->fields[i];

                if (field->kind != FIELD_COLUMN)
                        continue;
                buffer_append_string(sql, c ? ", s." : "s.");
                sql_quote_name(sql, field->name);
                if (model_column_is_number(field)) {
                        buffer_printf(sql, "::bigint - u.c%zu::bigint + ", c);
                        model_column_first_number(sql, field);
                        buffer_append_string(sql, " AS ");
                        sql_quote_name(sql, field->name);
                }
                c++;
        }
}

/* All rows of the batch: those to write first, then those to delete; for shared rows what was added to them. */
static void append_batch(Buffer *sql, const View *view, bool shared)
{
        size_t columns = VIEW_SQL_WRITE_FIXED + 1, owners = columns + view->n_columns;

        buffer_printf(sql,
                      "    FROM unnest($%zu::text[] || $6::text[], $%zu::text[] || $7::text[],"
                      " $%zu::int4[], $%zu::text[]",
                      columns, owners, owners + 2, owners + 3);
        if (shared) {
                buffer_printf(sql, ", $%zu::int8[]", owners + 1);
                for (size_t c = 1; c < view->n_columns; c++)
                        buffer_printf(sql, ", $%zu::text[]", columns + c);
        }
        buffer_append_string(sql, ") AS u (c0, aggregate, n, entry");
        if (shared) {
                buffer_append_string(sql, ", sequence");
                for (size_t c = 1; c < view->n_columns; c++)
                        buffer_printf(sql, ", c%zu", c);
        }
        /* Only a full join is never a nested loop, which is what a generic plan would choose, however many rows there
         * are. Rows to delete have no "s". */
        buffer_append_string(sql, ")\n    FULL JOIN written AS s ON s.\"id\" = u.c0"
                                  " AND s.\"_aggregate\" = u.aggregate\n");
}

/* "t" is read as the statement began to see it: nobody else writes rows of the batch's aggregates. */
static void append_stored(Buffer *sql, const View *view)
{
        buffer_append_string(sql, "(SELECT ");
        model_row_json(sql, view->model, "t");
        buffer_append_string(sql, " FROM ");
        view_sql_table(sql, view, view->model->view);
        buffer_append_string(sql,
                             " AS t WHERE t.\"id\" = u.c0 AND t.\"_aggregate\" = u.aggregate)");
}

/* Images before and after. */
static void append_imaged(Buffer *sql, const View *view)
{
        append_stored(sql, view);
        buffer_append_string(sql, " AS old, s.image AS new\n");
        append_batch(sql, view, false);
        buffer_append_char(sql, ')');
}

/* The same, with shared rows among them. */
static void append_imaged_shared(Buffer *sql, const View *view)
{
        buffer_append_string(sql, "CASE WHEN u.aggregate <> '' THEN ");
        append_stored(sql, view);
        /* More adds than ours: it was there before. */
        buffer_append_string(sql, "\n            WHEN s.\"_sequence\" > u.sequence THEN ");
        model_row_json(sql, view->model, "o");
        buffer_append_string(sql, " END AS old,\n        CASE WHEN s.\"id\" IS NOT NULL THEN ");
        model_row_json(sql, view->model, "s");
        buffer_append_string(sql, " END AS new\n");
        append_batch(sql, view, true);
        buffer_append_string(sql, "    CROSS JOIN LATERAL (SELECT ");
        append_columns_before(sql, view);
        buffer_append_string(sql, ") AS o\n)");
}

void change_sql_returning(Buffer *sql, const View *view, bool shared)
{
        if (shared) {
                buffer_append_string(sql, "\nRETURNING t.*");
                return;
        }
        buffer_append_string(sql, "\nRETURNING t.\"id\", t.\"_aggregate\", ");
        model_row_json(sql, view->model, "t");
        buffer_append_string(sql, " AS image");
}

static void append_field(Buffer *sql, const char *name)
{
        buffer_printf(sql, " || coalesce(octet_length(i.%s) || ':' || i.%s, '-')", name, name);
}

/* What differs, in order, in texts of some size. */
static void append_split(Buffer *sql)
{
        buffer_append_string(sql, ",\nchanged AS MATERIALIZED (\n    SELECT i.n, i.entry");
        append_field(sql, "old");
        append_field(sql, "new");
        buffer_printf(
                sql,
                " AS entry\n    FROM imaged AS i WHERE i.old IS DISTINCT FROM i.new\n),\n"
                "split AS MATERIALIZED (\n"
                "    SELECT p.part, count(*) AS n, string_agg(p.entry, '' ORDER BY p.n) AS entries\n"
                "    FROM (\n"
                "        SELECT c.n, c.entry,"
                " (sum(octet_length(c.entry)) OVER (ORDER BY c.n) - octet_length(c.entry)) / %d AS part\n"
                "        FROM changed AS c\n"
                "    ) AS p GROUP BY p.part\n),\n",
                CHANGE_SQL_BATCH_BYTES);
}

void change_sql_entries(Buffer *sql, const View *view, bool shared)
{
        buffer_append_string(sql,
                             ",\nimaged AS MATERIALIZED (\n    SELECT u.n, u.entry,\n        ");
        if (shared)
                append_imaged_shared(sql, view);
        else
                append_imaged(sql, view);
        append_split(sql);
        buffer_append_string(
                sql, /* Others wait for this row until we commit: so after the rows are written. */
                "raised AS (\n"
                "    UPDATE projection.change_logs AS l"
                " SET last = l.last + (SELECT sum(n) FROM split)\n"
                "    WHERE l.view = ");
        sql_quote_literal(sql, view->model->view);
        buffer_append_string(sql, " AND (SELECT count(*) FROM split) > 0"
                                  " AND (SELECT count(*) FROM removed) >= 0\n"
                                  "    RETURNING l.last - (SELECT sum(n) FROM split) AS before\n)\n"
                                  "INSERT INTO change_batches.");
        sql_quote_name(sql, view->model->view);
        buffer_append_string(
                sql, " (first, last, entries)\n"
                     "SELECT r.before + sum(s.n) OVER parts - s.n + 1,"
                     " r.before + sum(s.n) OVER parts, s.entries\n"
                     "FROM split AS s CROSS JOIN raised AS r WINDOW parts AS (ORDER BY s.part)");
}

void change_sql_texts(Buffer *sql, const View *view)
{
        size_t counts = VIEW_SQL_WRITE_FIXED + view->n_columns + 3, texts = counts + 1;

        buffer_append_string(
                sql, /* Others wait for this row until we commit: so after the rows are written. */
                ",\nraised AS (\n"
                "    UPDATE projection.change_logs AS l SET last = l.last + (SELECT sum(p.n)");
        buffer_printf(sql, " FROM unnest($%zu::int4[]) AS p (n))\n    WHERE l.view = ", counts);
        sql_quote_literal(sql, view->model->view);
        buffer_printf(
                sql,
                " AND cardinality($%zu) > 0\n"
                "        AND (SELECT count(*) FROM written) + (SELECT count(*) FROM removed) >= 0\n"
                "    RETURNING l.last\n)\n"
                "INSERT INTO change_batches.",
                counts);
        sql_quote_name(sql, view->model->view);
        buffer_printf(
                sql,
                " (first, last, entries)\n"
                "SELECT r.last - sum(p.n) OVER behind + 1, r.last - sum(p.n) OVER behind + p.n, p.entries\n"
                "FROM raised AS r CROSS JOIN unnest($%zu, $%zu::text[]) WITH ORDINALITY AS p (n, entries, part)\n"
                "WINDOW behind AS (ORDER BY p.part DESC)",
                counts, texts);
}
