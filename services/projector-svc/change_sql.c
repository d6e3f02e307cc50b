#include "change_sql.h"

#include <stdio.h>

#include "common/model/model_column.h"
#include "common/model/model_row.h"
#include "common/model/sql_text.h"
#include "view_sql.h"

static const struct {
        const char *name, *type;
} causes[CHANGE_SQL_CAUSES] = {
        { "n", "int4" },        { "aggregate_type", "text" }, { "partition", "int4" },
        { "position", "int8" }, { "event_id", "uuid" },       { "traceparent", "text" },
};

static void append_causes(Buffer *sql, const char *prefix)
{
        for (size_t i = 0; i < CHANGE_SQL_CAUSES; i++)
                buffer_printf(sql, ", %s%s", prefix, causes[i].name);
}

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

/* As the table has them: columns made from the texts "u". */
static void append_columns(Buffer *sql, const View *view)
{
        for (size_t i = 0, c = 0; i < view->model->n_fields; i++) {
                char name[24];

                if (view->model->fields[i].kind != FIELD_COLUMN)
                        continue;
                (void)snprintf(name, sizeof name, "u.c%zu", c);
                buffer_append_string(sql, c++ ? ", " : "");
                model_column_from_text(sql, &view->model->fields[i], name);
                buffer_append_string(sql, " AS ");
                sql_quote_name(sql, view->model->fields[i].name);
        }
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

/* All rows of the batch: those to write first, then those to delete, which have nulls for their columns. */
static void append_batch(Buffer *sql, const View *view, bool shared)
{
        size_t columns = VIEW_SQL_WRITE_FIXED + 1, owners = columns + view->n_columns;

        buffer_printf(sql, "    FROM unnest($%zu::text[] || $6::text[], $%zu::text[] || $7::text[]",
                      columns, owners);
        for (size_t c = 1; c < view->n_columns; c++)
                buffer_printf(sql, ", $%zu::text[]", columns + c);
        for (size_t i = 0; i < CHANGE_SQL_CAUSES; i++)
                buffer_printf(sql, ", $%zu::%s[]", owners + 2 + i, causes[i].type);
        if (shared)
                buffer_printf(sql, ", $%zu::int8[]", owners + 1);
        buffer_append_string(sql, ") WITH ORDINALITY AS u (c0, aggregate");
        for (size_t c = 1; c < view->n_columns; c++)
                buffer_printf(sql, ", c%zu", c);
        append_causes(sql, "");
        buffer_append_string(sql, shared ? ", sequence, at)\n" : ", at)\n");
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
        buffer_printf(sql, " AS old,\n        CASE WHEN u.at <= cardinality($%d::text[]) THEN ",
                      VIEW_SQL_WRITE_FIXED + 1);
        model_row_json(sql, view->model, "w");
        buffer_append_string(sql, " END AS new\n");
        append_batch(sql, view, false);
        buffer_append_string(sql, "    CROSS JOIN LATERAL (SELECT ");
        append_columns(sql, view);
        buffer_append_string(sql, ") AS w\n)");
}

/* The same, with shared rows among them. Rows to delete have no "s". Only a full join is never a nested loop, which is
 * what a generic plan would choose, however many rows there are. */
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
        buffer_append_string(
                sql, "    FULL JOIN written AS s ON s.\"id\" = u.c0"
                     " AND s.\"_aggregate\" = u.aggregate\n    CROSS JOIN LATERAL (SELECT ");
        append_columns_before(sql, view);
        buffer_append_string(sql, ") AS o\n)");
}

void change_sql_entries(Buffer *sql, const View *view, bool shared)
{
        buffer_append_string(sql,
                             ",\nimaged AS MATERIALIZED (\n    SELECT u.c0 AS id, u.aggregate");
        append_causes(sql, "u.");
        buffer_append_string(sql, ",\n        ");
        if (shared)
                append_imaged_shared(sql, view);
        else
                append_imaged(sql, view);
        buffer_append_string(
                sql, ",\nchanged AS MATERIALIZED (\n"
                     "    SELECT i.*, row_number() OVER (ORDER BY i.n) AS number FROM imaged AS i\n"
                     "    WHERE i.old IS DISTINCT FROM i.new\n),\n"
                     /* Others wait for this row until we commit: so after the rows are written. */
                     "raised AS (\n"
                     "    UPDATE projection.change_logs AS l"
                     " SET last = l.last + (SELECT count(*) FROM changed)\n"
                     "    WHERE l.view = ");
        sql_quote_literal(sql, view->model->view);
        buffer_append_string(
                sql,
                " AND (SELECT count(*) FROM changed) > 0\n"
                "        AND (SELECT count(*) FROM written) + (SELECT count(*) FROM removed) >= 0\n"
                "    RETURNING l.last - (SELECT count(*) FROM changed) AS before\n)\n"
                "INSERT INTO changes.");
        sql_quote_name(sql, view->model->view);
        buffer_append_string(
                sql, " (change_position, id, aggregate, aggregate_type, partition, position,"
                     " event_id, traceparent, old, new)\n"
                     "SELECT (SELECT before FROM raised) + c.number, c.id, c.aggregate,"
                     " c.aggregate_type, c.partition, c.position, c.event_id, c.traceparent,"
                     " c.old, c.new\nFROM changed AS c");
}
