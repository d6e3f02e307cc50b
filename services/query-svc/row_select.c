#include "row_select.h"

#include "auth_predicate.h"

static void quoted_column(SqlText *sql, const char *alias, const Field *field)
{
        sql_printf(sql, "%s.", alias);
        sql_quote_name(&sql->text, field->name);
}

/* Times are RFC 3339, UTC, with microseconds; everything else is what row_to_json() makes of it. */
static void column(SqlText *sql, const char *alias, const Field *field)
{
        bool time = field->scalar == SCALAR_DATETIME && !field->list;

        if (time)
                sql_append(sql, "to_char(");
        quoted_column(sql, alias, field);
        if (time)
                sql_append(sql, " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
        sql_append(sql, " AS ");
        sql_quote_name(&sql->text, field->name);
}

static void all_columns(SqlText *sql, const char *alias, const Model *model)
{
        bool first = true;

        for (size_t i = 0; i < model->n_fields; i++) {
                if (model->fields[i].kind != FIELD_COLUMN)
                        continue;
                sql_append(sql, first ? "" : ", ");
                column(sql, alias, &model->fields[i]);
                first = false;
        }
}

static void has_many(SqlText *sql, const ReadRequest *request, const Field *relation)
{
        sql_append(sql, "(SELECT coalesce(json_agg(row_to_json(i)), '[]'::json) FROM (SELECT ");
        all_columns(sql, "s", relation->related);
        sql_append(sql, " FROM read.");
        sql_quote_name(&sql->text, relation->related->view);
        sql_append(sql, " AS s WHERE s.");
        sql_quote_name(&sql->text, relation->reference);
        sql_append(sql, " = r.\"id\" AND ");
        auth_predicate(sql, relation->related, "s", request->principal);
        sql_printf(sql, " ORDER BY s.\"id\" LIMIT %d) AS i) AS ",
                   (int)request->config->include_rows_max);
        sql_quote_name(&sql->text, relation->name);
}

static void belongs_to(SqlText *sql, const ReadRequest *request, const Field *relation)
{
        sql_append(sql, "(SELECT row_to_json(i) FROM (SELECT ");
        all_columns(sql, "s", relation->related);
        sql_append(sql, " FROM read.");
        sql_quote_name(&sql->text, relation->related->view);
        sql_append(sql, " AS s WHERE s.\"id\" = r.");
        sql_quote_name(&sql->text, relation->reference);
        sql_append(sql, " AND ");
        auth_predicate(sql, relation->related, "s", request->principal);
        sql_append(sql, ") AS i) AS ");
        sql_quote_name(&sql->text, relation->name);
}

void row_select(SqlText *sql, const ReadRequest *request)
{
        sql_append(sql, "SELECT ");
        for (size_t i = 0; i < request->n_fields; i++) {
                sql_append(sql, i ? ", " : "");
                column(sql, "r", request->fields[i]);
        }
        for (size_t i = 0; i < request->n_includes; i++) {
                const Field *relation = request->includes[i];

                sql_append(sql, ", ");
                if (relation->kind == FIELD_HAS_MANY)
                        has_many(sql, request, relation);
                else
                        belongs_to(sql, request, relation);
        }
}
