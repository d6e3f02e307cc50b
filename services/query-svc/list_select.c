#include "list_select.h"

#include <stdio.h>

#include "auth_predicate.h"
#include "common/model/model_ddl.h"
#include "row_select.h"

static void column(SqlText *sql, const Field *field)
{
        sql_append(sql, "r.");
        sql_quote_name(&sql->text, field->name);
}

static void filters(SqlText *sql, const ReadRequest *request)
{
        if (request->id) {
                sql_append(sql, " AND r.\"id\" = ");
                (void)sql_param(sql, request->id, "text");
        }
        for (size_t i = 0; i < request->n_filters; i++) {
                sql_append(sql, " AND ");
                column(sql, request->filters[i].field);
                sql_append(sql, " = ");
                (void)sql_param(sql, request->filters[i].value,
                                model_column_type(request->filters[i].field));
        }
}

/* The row stands behind @value in the order of @sort. PostgreSQL puts nulls last, or first when
 * descending. Returns the number of the parameter with the value, 0 when it is null. */
static size_t behind(SqlText *sql, const ReadSort *sort, const char *value)
{
        size_t param;

        if (!value && !sort->descending) {
                sql_append(sql, "false");
                return 0;
        }
        column(sql, sort->field);
        if (!value) {
                sql_append(sql, " IS NOT NULL");
                return 0;
        }
        sql_append(sql, sort->descending ? " < " : " > ");
        param = sql_param(sql, value, model_column_type(sort->field));
        if (!sort->descending && !sort->field->required) {
                sql_append(sql, " OR ");
                column(sql, sort->field);
                sql_append(sql, " IS NULL");
        }
        return param;
}

static void same(SqlText *sql, const ReadSort *sort, size_t param)
{
        column(sql, sort->field);
        if (!param) {
                sql_append(sql, " IS NULL");
                return;
        }
        sql_append(sql, " = ");
        sql_param_again(sql, param, model_column_type(sort->field));
}

/* (a behind) or (a same and ((b behind) or (b same and …))) */
static void keyset(SqlText *sql, const ReadRequest *request, const Cursor *cursor)
{
        size_t open = 0;

        sql_append(sql, " AND (");
        for (size_t i = 0; i < cursor->n_values; i++) {
                const ReadSort *sort = &request->sorts[i];
                size_t param;

                sql_append(sql, "(");
                param = behind(sql, sort, cursor->values[i]);
                sql_append(sql, ")");
                if (i + 1 == cursor->n_values)
                        break;
                sql_append(sql, " OR (");
                same(sql, sort, param);
                sql_append(sql, " AND (");
                open += 2;
        }
        while (open-- > 0)
                sql_append(sql, ")");
        sql_append(sql, ")");
}

static void order(SqlText *sql, const ReadRequest *request)
{
        char limit[16];

        sql_append(sql, " ORDER BY ");
        for (size_t i = 0; i < request->n_sorts; i++) {
                sql_append(sql, i ? ", " : "");
                column(sql, request->sorts[i].field);
                sql_append(sql, request->sorts[i].descending ? " DESC" : "");
        }
        (void)snprintf(limit, sizeof limit, "%d", request->id ? 1 : request->limit + 1);
        sql_append(sql, " LIMIT ");
        (void)sql_param(sql, limit, "bigint");
}

/* Sort values as text, for the cursor. */
static void sort_values(SqlText *sql, const ReadRequest *request)
{
        for (size_t i = 0; i < request->n_sorts; i++) {
                const Field *field = request->sorts[i].field;

                sql_append(sql, ", ");
                if (field->scalar == SCALAR_DATETIME)
                        sql_append(sql, "to_char(");
                column(sql, field);
                sql_append(sql,
                           field->scalar == SCALAR_DATETIME
                                   ? " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
                                   : "::text");
                sql_printf(sql, " AS k%zu", i);
        }
}

void list_select(SqlText *sql, const ReadRequest *request, const Cursor *cursor)
{
        sql_append(
                sql,
                "SELECT t.token, p.* FROM (SELECT string_agg(aggregate_type || '.' || partition || "
                "'.' || position, ',' ORDER BY aggregate_type, partition) AS token "
                "FROM read.checkpoint WHERE view = ");
        (void)sql_param(sql, request->model->view, "text");
        sql_append(sql, ") AS t LEFT JOIN LATERAL (SELECT (SELECT row_to_json(j) FROM (");
        row_select(sql, request);
        sql_append(sql, ") AS j) AS row");
        sort_values(sql, request);
        sql_append(sql, " FROM read.");
        sql_quote_name(&sql->text, request->model->view);
        sql_append(sql, " AS r WHERE ");
        auth_predicate(sql, request->model, "r", request->principal);
        filters(sql, request);
        if (cursor)
                keyset(sql, request, cursor);
        order(sql, request);
        sql_append(sql, ") AS p ON true");
}
