#include "read_statement.h"

#include <string.h>

#include "page_cursor.h"

/* The model, what is embedded and what decides whether it may be seen: twice each at most. */
#define VIEWS_MAX (2 * (1 + SELECT_INCLUDES_MAX))

typedef struct Views {
        const char *names[VIEWS_MAX];
        size_t n_names;
} Views;

static void add_view(Views *views, const Model *model)
{
        if (!model)
                return;
        for (size_t i = 0; i < views->n_names; i++)
                if (strcmp(views->names[i], model->view) == 0)
                        return;
        views->names[views->n_names++] = model->view;
}

static void add_views(Views *views, const ReadRequest *request)
{
        add_view(views, request->model);
        add_view(views, request->model->auth_from);
        for (size_t i = 0; i < request->n_includes; i++) {
                add_view(views, request->includes[i]->related);
                add_view(views, request->includes[i]->related->auth_from);
        }
}

/* The position of the model's view, for the answer. */
static void append_token(SqlText *sql, const char *from)
{
        sql_append(sql, "(SELECT string_agg(aggregate_type || '.' || partition || '.' || position, "
                        "',' ORDER BY aggregate_type, partition) FROM ");
        sql_append(sql, from);
}

/*
 * at: where the views are. wanted: the tokens. behind: a view without any position is not there yet; one
 * that a type of events feeds must have all of its positions. A type that does not feed a view cannot
 * change it.
 */
static void append_reached(SqlText *sql, const ReadRequest *request)
{
        _cleanup_(buffer_deinit) Buffer types = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer partitions = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer positions = BUFFER_INIT;
        Views views = { .n_names = 0 };

        add_views(&views, request);
        read_tokens_arrays(&request->tokens, &types, &partitions, &positions);
        sql_append(sql, "WITH at AS MATERIALIZED (SELECT view, aggregate_type, partition, position "
                        "FROM read.checkpoint WHERE view IN (");
        for (size_t i = 0; i < views.n_names; i++) {
                sql_append(sql, i ? ", " : "");
                sql_quote_literal(&sql->text, views.names[i]);
        }
        sql_append(sql,
                   ")), reached AS MATERIALIZED (SELECT (SELECT count(DISTINCT view) FROM at) ");
        sql_printf(sql, "= %zu AND NOT EXISTS (SELECT FROM unnest(", views.n_names);
        (void)sql_param(sql, buffer_text(&types), "text[]");
        sql_append(sql, ", ");
        (void)sql_param(sql, buffer_text(&partitions), "integer[]");
        sql_append(sql, ", ");
        (void)sql_param(sql, buffer_text(&positions), "bigint[]");
        sql_append(sql, ") AS wanted (type, partition, position) "
                        "JOIN (SELECT DISTINCT view, aggregate_type FROM at) AS fed "
                        "ON fed.aggregate_type = wanted.type "
                        "LEFT JOIN at ON at.view = fed.view AND at.aggregate_type = wanted.type "
                        "AND at.partition = wanted.partition "
                        "WHERE at.position IS NULL OR at.position < wanted.position) AS yes) ");
}

/* The list of related rows that an embedded one is the first page of: by key, all that refer to one row. */
static void name_list(Buffer *ret, const Field *relation)
{
        Filter equals = { .op = FILTER_EQ,
                          .field = model_field(relation->related, relation->reference),
                          .values = { "" } };
        Filter all = { .op = FILTER_AND, .parts = &equals };
        _cleanup_(sql_text_deinit) SqlText binding = SQL_TEXT_INIT;
        Keyset keyset;

        keyset_by_key(&keyset, relation->related);
        page_cursor_binding(&binding, relation->related, &keyset, &all);
        buffer_append_string(ret, buffer_text(&binding.text));
}

void read_statement(SqlText *sql, const ReadRequest *request)
{
        bool waits = request->tokens.n_tokens > 0;
        Buffer lists[SELECT_INCLUDES_MAX] = { BUFFER_INIT };
        const char *bindings[SELECT_INCLUDES_MAX] = { NULL };
        ModelSelect select = {
                .model = request->model,
                .reader = &request->reader,
                .fields = request->fields,
                .n_fields = request->n_fields,
                .includes = request->includes,
                .n_includes = request->n_includes,
                .include_limit = (size_t)request->config->include_rows_max,
                .include_bindings = bindings,
                .filter = request->id ? NULL : &request->filter.root,
                .guard = waits ? "(SELECT yes FROM reached)" : NULL,
        };

        for (size_t i = 0; i < request->n_includes; i++) {
                if (request->includes[i]->kind != FIELD_HAS_MANY)
                        continue;
                name_list(&lists[i], request->includes[i]);
                bindings[i] = lists[i].data;
        }
        if (waits)
                append_reached(sql, request);
        sql_append(sql, "SELECT ");
        append_token(sql, waits ? "at" : "read.checkpoint");
        sql_append(sql, " WHERE view = ");
        sql_quote_literal(&sql->text, request->model->view);
        sql_append(sql, waits ? "), (SELECT yes FROM reached), p.* FROM (" : "), true, p.* FROM (");
        if (request->id)
                model_select_get(sql, &select, request->id);
        else
                model_select_list(sql, &select, &request->keyset, request->after, request->limit);
        sql_append(sql, ") AS p");
        for (size_t i = 0; i < request->n_includes; i++)
                buffer_deinit(&lists[i]);
}
