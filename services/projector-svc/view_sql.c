#include "view_sql.h"

#include <stdio.h>
#include <string.h>

#include "change_sql.h"
#include "common/model/model_column.h"
#include "common/model/model_ddl.h"
#include "common/model/sql_text.h"

void view_sql_table(Buffer *sql, const View *view, const char *table)
{
        sql_quote_name(sql, view->schema_name);
        buffer_append_char(sql, '.');
        sql_quote_name(sql, table);
}

void view_sql_checkpoint_table(Buffer *sql, const View *view)
{
        buffer_append_string(sql, "CREATE TABLE ");
        view_sql_table(sql, view, "checkpoint");
        buffer_append_string(sql, " (\n"
                                  "    aggregate_type text COLLATE \"C\" NOT NULL,\n"
                                  "    partition int4 NOT NULL,\n"
                                  "    position int8 NOT NULL DEFAULT 0,\n"
                                  "    kafka_offset int8 NOT NULL DEFAULT 0,\n"
                                  "    epoch int8 NOT NULL DEFAULT 1,\n"
                                  "    owner text NOT NULL,\n"
                                  "    updated_at timestamptz NOT NULL DEFAULT now(),\n"
                                  "    PRIMARY KEY (aggregate_type, partition)\n"
                                  ") WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, "
                                  "autovacuum_vacuum_threshold = 10000);\n");
}

static void append_former_columns(Buffer *sql, const View *view, const View *former)
{
        for (size_t i = 0; former && i < former->model->n_fields; i++) {
                const Field *field = &former->model->fields[i];

                if (field->kind != FIELD_COLUMN || field->required ||
                    model_field(view->model, field->name))
                        continue;
                buffer_printf(sql, ", NULL::%s%s AS ", model_column_type(field),
                              strcmp(model_item_type(field), "text") == 0 ? " COLLATE \"C\"" : "");
                sql_quote_name(sql, field->name);
        }
}

void view_sql_replace_read_view(Buffer *sql, const View *view, const View *former)
{
        buffer_append_string(sql, "CREATE OR REPLACE VIEW read.");
        sql_quote_name(sql, view->model->view);
        buffer_append_string(sql, " AS SELECT *");
        append_former_columns(sql, view, former);
        buffer_append_string(sql, " FROM ");
        view_sql_table(sql, view, view->model->view);
        buffer_append_string(sql, ";\nGRANT SELECT ON read.");
        sql_quote_name(sql, view->model->view);
        buffer_append_string(sql, " TO skafu_query;\n");
}

void view_sql_read_view(Buffer *sql, const View *view, const View *former)
{
        buffer_append_string(sql, "DROP VIEW IF EXISTS read.");
        sql_quote_name(sql, view->model->view);
        buffer_append_string(sql, ";\n");
        view_sql_replace_read_view(sql, view, former);
}

void view_sql_take(Buffer *sql, const View *view)
{
        buffer_append_string(sql, "INSERT INTO ");
        view_sql_table(sql, view, "checkpoint");
        buffer_append_string(
                sql, " AS c (aggregate_type, partition, owner)\n"
                     "SELECT aggregate_type, partition, $3 FROM unnest($1::text[], $2::int4[])"
                     " AS u (aggregate_type, partition) ORDER BY aggregate_type, partition\n"
                     "ON CONFLICT (aggregate_type, partition) DO UPDATE\n"
                     "    SET epoch = c.epoch + 1, owner = excluded.owner, updated_at = now()\n"
                     "RETURNING aggregate_type, partition, position, kafka_offset, epoch");
}

static void append_advance(Buffer *sql, const View *view)
{
        buffer_append_string(sql, "WITH advanced AS (\n    UPDATE ");
        view_sql_table(sql, view, "checkpoint");
        buffer_append_string(
                sql,
                " AS c SET position = u.position, kafka_offset = u.kafka_offset, updated_at = now()\n"
                "    FROM unnest($1::text[], $2::int4[], $3::int8[], $4::int8[], $5::int8[])\n"
                "        AS u (aggregate_type, partition, position, kafka_offset, epoch)\n"
                "    WHERE c.aggregate_type = u.aggregate_type AND c.partition = u.partition"
                " AND c.epoch = u.epoch\n"
                "    RETURNING 1\n),\n"
                "fence AS MATERIALIZED (\n"
                "    SELECT projection.fence((SELECT count(*) FROM advanced), cardinality($1)) AS passed\n"
                "),\n"
                /* When what the live version shows was there; a version that is built beside it shows nothing. */
                "marked AS (\n"
                "    INSERT INTO projection.marks\n"
                "    SELECT v.view, u.aggregate_type, u.partition, u.position, clock_timestamp()\n"
                "    FROM projection.views AS v, unnest($1::text[], $2::int4[], $3::int8[])\n"
                "        AS u (aggregate_type, partition, position)\n"
                "    WHERE v.live AND v.schema_name = ");
        sql_quote_literal(sql, view->schema_name);
        /* Not again when it stays where it was: the table is read as it was before. */
        buffer_append_string(sql, " AND u.position > (\n        SELECT c.position FROM ");
        view_sql_table(sql, view, "checkpoint");
        buffer_append_string(sql, " AS c\n        WHERE c.aggregate_type = u.aggregate_type AND"
                                  " c.partition = u.partition)\n)");
}

void view_sql_advance(Buffer *sql, const View *view)
{
        append_advance(sql, view);
        buffer_append_string(sql, "\nSELECT passed FROM fence");
}

void view_sql_load(Buffer *sql, const View *view)
{
        buffer_append_string(sql, "SELECT ");
        for (size_t i = 0; i < view->model->n_fields; i++) {
                if (view->model->fields[i].kind != FIELD_COLUMN)
                        continue;
                model_column_to_text(sql, &view->model->fields[i]);
                buffer_append_string(sql, ", ");
        }
        buffer_append_string(sql, "\"_aggregate\", \"_sequence\" FROM ");
        view_sql_table(sql, view, view->model->view);
        buffer_append_string(sql, " WHERE (\"id\", \"_aggregate\") IN (SELECT k.id, k.aggregate"
                                  " FROM unnest($1::text[], $2::text[]) AS k (id, aggregate))");
}

static void list_columns(Buffer *sql, const View *view)
{
        for (size_t c = 0; c < view->n_columns + 2; c++) {
                const char *name = c < view->n_columns    ? view->columns[c].name
                                   : c == view->n_columns ? "_aggregate"
                                                          : "_sequence";

                buffer_append_string(sql, c ? ", " : "");
                sql_quote_name(sql, name);
        }
}

void view_sql_copy(Buffer *sql, const View *view)
{
        /* Whoever holds the view holds its checkpoints: rows are locked behind them. */
        buffer_append_string(sql, "BEGIN; LOCK TABLE ");
        view_sql_table(sql, view, "checkpoint");
        buffer_append_string(sql, " IN ROW EXCLUSIVE MODE; COPY ");
        view_sql_table(sql, view, view->model->view);
        buffer_append_string(sql, " (");
        list_columns(sql, view);
        buffer_append_string(sql, ") FROM STDIN");
}

static void append_deletes(Buffer *sql, const View *view)
{
        buffer_append_string(sql, ",\nremoved AS (\n    DELETE FROM ");
        view_sql_table(sql, view, view->model->view);
        buffer_append_string(sql,
                             " AS t USING unnest($6::text[], $7::text[]) AS d (id, aggregate)\n"
                             "    WHERE t.\"id\" = d.id AND t.\"_aggregate\" = d.aggregate"
                             " AND (SELECT passed FROM fence)\n"
                             "    RETURNING 1\n)");
}

static void append_values(Buffer *sql, const View *view)
{
        size_t n = 0;

        for (size_t i = 0; i < view->model->n_fields; i++) {
                char name[24];

                if (view->model->fields[i].kind != FIELD_COLUMN)
                        continue;
                (void)snprintf(name, sizeof name, "u.c%zu", n++);
                model_column_from_text(sql, &view->model->fields[i], name);
                buffer_append_string(sql, ", ");
        }
        buffer_append_string(sql, "u.aggregate, u.sequence\nFROM unnest(");
        for (size_t c = 0; c < n; c++)
                buffer_printf(sql, "$%zu::text[], ", VIEW_SQL_WRITE_FIXED + 1 + c);
        buffer_printf(sql, "$%zu::text[], $%zu::int8[]) AS u (", VIEW_SQL_WRITE_FIXED + 1 + n,
                      VIEW_SQL_WRITE_FIXED + 2 + n);
        for (size_t c = 0; c < n; c++)
                buffer_printf(sql, "c%zu, ", c);
        buffer_append_string(sql, "aggregate, sequence)\n");
}

static void append_column(Buffer *sql, const char *table, const char *name)
{
        buffer_printf(sql, "%s.", table);
        sql_quote_name(sql, name);
}

static void append_sum(Buffer *sql, const Field *field)
{
        buffer_append_char(sql, '(');
        append_column(sql, "t", field->name);
        buffer_append_string(sql, "::bigint + ");
        append_column(sql, "excluded", field->name);
        buffer_append_string(sql, " - ");
        model_column_first_number(sql, field);
        buffer_append_string(sql, ")::integer");
}

/* All who add to a row give the same label, or else the one who comes second is refused. */
static void append_label(Buffer *sql, const Field *field)
{
        /* json has no equality */
        const char *as = field->scalar == SCALAR_JSON ? "::text" : "";

        buffer_append_string(sql, "CASE WHEN ");
        append_column(sql, "t", field->name);
        buffer_printf(sql, "%s IS NOT DISTINCT FROM ", as);
        append_column(sql, "excluded", field->name);
        buffer_printf(sql, "%s THEN ", as);
        append_column(sql, "excluded", field->name);
        buffer_append_string(sql, " ELSE projection.other_label(t.\"id\", ");
        sql_quote_literal(sql, field->name);
        buffer_append_string(sql, ", ");
        append_column(sql, "t", field->name);
        buffer_append_string(sql, "::text, ");
        append_column(sql, "excluded", field->name);
        buffer_printf(sql, "::text)::%s END", model_column_type(field));
}

/* What a column of a row becomes that is there already. */
static void append_update(Buffer *sql, const Field *field, bool shared)
{
        sql_quote_name(sql, field->name);
        buffer_append_string(sql, " = ");
        if (shared) {
                buffer_append_string(sql, "CASE WHEN t.\"_aggregate\" = '' THEN ");
                if (model_column_is_number(field))
                        append_sum(sql, field);
                else
                        append_label(sql, field);
                buffer_append_string(sql, " ELSE ");
        }
        append_column(sql, "excluded", field->name);
        buffer_append_string(sql, shared ? " END, " : ", ");
}

static void append_upsert(Buffer *sql, const View *view, bool shared)
{
        const Model *model = view->model;

        buffer_append_string(sql, "INSERT INTO ");
        view_sql_table(sql, view, view->model->view);
        buffer_append_string(sql, " AS t (");
        list_columns(sql, view);
        buffer_append_string(sql, ")\nSELECT ");
        append_values(sql, view);
        buffer_append_string(sql, "WHERE (SELECT passed FROM fence)\n"
                                  "ON CONFLICT (\"id\", \"_aggregate\") DO UPDATE SET ");
        for (size_t i = 1; i < model->n_fields; i++) /* behind the id */
                if (model->fields[i].kind == FIELD_COLUMN)
                        append_update(sql, &model->fields[i], shared);
        buffer_append_string(sql, "\"_sequence\" = CASE ");
        if (shared)
                buffer_append_string(sql, "WHEN t.\"_aggregate\" = '' THEN t.\"_sequence\""
                                          " + excluded.\"_sequence\" ");
        /* A row that is only put was not loaded: here is where an earlier event than its last one is found out. */
        buffer_append_string(
                sql, "WHEN t.\"_sequence\" <= excluded.\"_sequence\" THEN excluded.\"_sequence\""
                     " ELSE projection.refuse_order(t.\"_sequence\", excluded.\"_sequence\") END");
}

static void append_write(Buffer *sql, const View *view, bool shared)
{
        append_advance(sql, view);
        append_deletes(sql, view);
        if (!view->with_changes) {
                buffer_append_char(sql, '\n');
                append_upsert(sql, view, shared);
                return;
        }
        buffer_append_string(sql, ",\nwritten AS (\n");
        append_upsert(sql, view, shared);
        change_sql_returning(sql, view, shared);
        buffer_append_string(sql, "\n)");
        change_sql_entries(sql, view, shared);
}

void view_sql_write_imaged(Buffer *sql, const View *view)
{
        append_advance(sql, view);
        append_deletes(sql, view);
        buffer_append_string(sql, ",\nwritten AS (\n");
        append_upsert(sql, view, false);
        buffer_append_string(sql, "\nRETURNING 1\n)");
        change_sql_texts(sql, view);
}

void view_sql_write(Buffer *sql, const View *view)
{
        append_write(sql, view, false);
}

void view_sql_write_shared(Buffer *sql, const View *view)
{
        append_write(sql, view, true);
}
