#include "common/model/model_column.h"

#include <string.h>

#include "common/model/model_ddl.h"
#include "common/model/sql_text.h"

bool model_column_is_number(const Field *field)
{
        return field->kind == FIELD_COLUMN && field->scalar == SCALAR_INT && !field->list;
}

void model_column_first_number(Buffer *sql, const Field *field)
{
        sql_quote_literal(sql, field->default_text ? field->default_text : "0");
        buffer_append_string(sql, "::bigint");
}

void model_column_from_text(Buffer *sql, const Field *field, const char *text)
{
        const char *type = model_column_type(field);

        if (!field->list) {
                buffer_printf(sql, "%s::%s", text, type);
                return;
        }
        /* A JSON list begins with "[". PostgreSQL's form does not, but for bounds that nobody writes. */
        buffer_printf(sql, "CASE WHEN left(%s, 1) = '[' THEN ARRAY(SELECT ", text);
        if (field->scalar == SCALAR_JSON)
                buffer_printf(sql, "item FROM json_array_elements(%s::json)", text);
        else
                buffer_printf(sql, "item::%s FROM json_array_elements_text(%s::json)",
                              model_item_type(field), text);
        buffer_printf(sql, " WITH ORDINALITY AS items (item, n) ORDER BY n) ELSE %s::%s END", text,
                      type);
}

void model_column_to_text(Buffer *sql, const Field *field)
{
        if (field->list)
                buffer_append_string(sql, "to_json(");
        sql_quote_name(sql, field->name);
        if (field->list)
                buffer_append_char(sql, ')');
        buffer_append_string(sql, "::text");
}
