#include "common/model/model_row.h"

#include "common/model/model_value.h"
#include "common/model/sql_text.h"

void model_row_field(Buffer *sql, const Field *field, const char *alias)
{
        _cleanup_(sql_text_deinit) SqlText column = SQL_TEXT_INIT;

        sql_column(&column, alias, field->name);
        model_value_json(sql, field, buffer_text(&column.text));
        buffer_append_string(sql, " AS ");
        sql_quote_name(sql, field->name);
}

void model_row_fields(Buffer *sql, const Model *model, const char *alias)
{
        for (size_t i = 0; i < model->n_fields; i++) {
                if (model->fields[i].kind != FIELD_COLUMN)
                        continue;
                if (i) /* the id comes first */
                        buffer_append_string(sql, ", ");
                model_row_field(sql, &model->fields[i], alias);
        }
}

void model_row_json(Buffer *sql, const Model *model, const char *alias)
{
        buffer_append_string(sql, "(SELECT row_to_json(r)::text FROM (SELECT ");
        model_row_fields(sql, model, alias);
        buffer_append_string(sql, ") r)");
}
