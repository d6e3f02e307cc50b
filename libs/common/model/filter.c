#include "common/model/filter.h"

#include "common/model/model_ddl.h"

static void append_param(SqlText *sql, const char *value, const Field *field)
{
        (void)sql_param(sql, value, model_column_type(field));
}

static void append_comparison(SqlText *sql, const Filter *filter, const char *alias,
                              const char *operator)
{
        sql_column(sql, alias, filter->field->name);
        sql_append(sql, operator);
        append_param(sql, filter->values[0], filter->field);
}

/* JSON text has no equality of its own: {"a":1} and { "a": 1.0 } are the same value. */
static void append_equality(SqlText *sql, const Filter *filter, const char *alias)
{
        bool equal = filter->op == FILTER_EQ;
        const Field *field = filter->field;

        if (field->scalar != SCALAR_JSON) {
                append_comparison(sql, filter, alias,
                                  equal             ? " = "
                                  : field->required ? " <> "
                                                    : " IS DISTINCT FROM ");
                return;
        }
        sql_column(sql, alias, field->name);
        sql_append(sql, field->list ? "::jsonb[]" : "::jsonb");
        sql_append(sql, equal ? " = " : " IS DISTINCT FROM ");
        (void)sql_param(sql, filter->values[0], field->list ? "jsonb[]" : "jsonb");
}

static void append_contains(SqlText *sql, const Filter *filter, const char *alias)
{
        sql_append(sql, filter->op == FILTER_NOT_CONTAINS ? "(" : "");
        if (filter->field->list) {
                (void)sql_param(sql, filter->values[0], model_item_type(filter->field));
                sql_append(sql, " = ANY (");
                sql_column(sql, alias, filter->field->name);
                sql_append(sql, ")");
        } else {
                sql_append(sql, "strpos(");
                sql_column(sql, alias, filter->field->name);
                sql_append(sql, ", ");
                append_param(sql, filter->values[0], filter->field);
                sql_append(sql, ") > 0");
        }
        sql_append(sql, filter->op == FILTER_NOT_CONTAINS ? ") IS NOT TRUE" : "");
}

static void append_in(SqlText *sql, const Filter *filter, const char *alias)
{
        sql_append(sql, filter->op == FILTER_NOT_IN ? "(" : "");
        sql_column(sql, alias, filter->field->name);
        sql_append(sql, " = ANY (");
        (void)sql_param(sql, filter->values[0], model_item_type(filter->field));
        sql_append(sql, "[])");
        sql_append(sql, filter->op == FILTER_NOT_IN ? ") IS NOT TRUE" : "");
}

static void append_between(SqlText *sql, const Filter *filter, const char *alias)
{
        append_comparison(sql, filter, alias, " BETWEEN ");
        sql_append(sql, " AND ");
        append_param(sql, filter->values[1], filter->field);
}

static void append_null_test(SqlText *sql, const Filter *filter, const char *alias)
{
        sql_column(sql, alias, filter->field->name);
        sql_append(sql, filter->op == FILTER_EXISTS ? " IS NOT NULL" : " IS NULL");
}

static void append_parts(SqlText *sql, const Filter *filter, const char *alias)
{
        const char *join = filter->op == FILTER_OR ? " OR " : " AND ";

        if (!filter->parts) { /* all of nothing holds, any of nothing does not */
                sql_append(sql, filter->op == FILTER_OR ? "false" : "true");
                return;
        }
        sql_append(sql, "(");
        for (const Filter *part = filter->parts; part; part = part->next) {
                if (part != filter->parts)
                        sql_append(sql, join);
                filter_sql(sql, part, alias);
        }
        sql_append(sql, filter->op == FILTER_NOT ? ") IS NOT TRUE" : ")");
}

void filter_sql(SqlText *sql, const Filter *filter, const char *alias)
{
        switch (filter->op) {
        case FILTER_AND:
        case FILTER_OR:
        case FILTER_NOT:
                append_parts(sql, filter, alias);
                break;
        case FILTER_EQ:
        case FILTER_NE:
                append_equality(sql, filter, alias);
                break;
        case FILTER_LE:
                append_comparison(sql, filter, alias, " <= ");
                break;
        case FILTER_LT:
                append_comparison(sql, filter, alias, " < ");
                break;
        case FILTER_GE:
                append_comparison(sql, filter, alias, " >= ");
                break;
        case FILTER_GT:
                append_comparison(sql, filter, alias, " > ");
                break;
        case FILTER_BETWEEN:
                append_between(sql, filter, alias);
                break;
        case FILTER_BEGINS_WITH:
                append_comparison(sql, filter, alias, " ^@ ");
                break;
        case FILTER_CONTAINS:
        case FILTER_NOT_CONTAINS:
                append_contains(sql, filter, alias);
                break;
        case FILTER_IN:
        case FILTER_NOT_IN:
                append_in(sql, filter, alias);
                break;
        case FILTER_EXISTS:
        case FILTER_MISSING:
                append_null_test(sql, filter, alias);
                break;
        }
}
