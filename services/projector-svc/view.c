#include "view.h"

#include <assert.h>
#include <string.h>

#include "change_sql.h"
#include "common/base/buffer.h"
#include "common/domain/event_projection.h"
#include "common/model/model_column.h"
#include "common/pg/pg_params.h"
#include "repair_sql.h"
#include "view_sql.h"

/* Of the write statement, beside the columns: two hidden ones among them. */
#define FIXED_PARAMS (VIEW_SQL_WRITE_FIXED + 2 + CHANGE_SQL_CAUSES)

static ErrorCode list_columns(View *view, Error *err)
{
        const Model *model = view->model;

        view->columns = calloc(model->n_fields, sizeof *view->columns);
        if (!view->columns)
                return error_no_memory(err);
        for (size_t i = 0; i < model->n_fields; i++)
                if (model->fields[i].kind == FIELD_COLUMN)
                        view->columns[view->n_columns++] =
                                (RowColumn){ model->fields[i].name, model->fields[i].default_text,
                                             model_column_is_number(&model->fields[i]) };
        if (view->n_columns + FIXED_PARAMS > PG_PARAMS_MAX)
                return error_set(err, ERROR_INVALID, "%s has %zu fields, more than %d", model->name,
                                 view->n_columns, PG_PARAMS_MAX - FIXED_PARAMS);
        return ERROR_NONE;
}

static ErrorCode list_aggregates(View *view, Error *err)
{
        size_t n = 0;

        while (domain_aggregates[n])
                n++;
        view->aggregates = calloc(n + 1, sizeof(AggregateType *));
        if (!view->aggregates)
                return error_no_memory(err);
        for (size_t i = 0; i < n; i++)
                if (aggregate_feeds(domain_aggregates[i], view->model->name))
                        view->aggregates[view->n_aggregates++] = domain_aggregates[i];
        return ERROR_NONE;
}

ErrorCode view_new(View **ret, const Schema *schema, const Model *model, Error *err)
{
        _cleanup_(view_freep) View *view = calloc(1, sizeof *view);
        ErrorCode code;

        if (!view)
                return error_no_memory(err);
        view->schema = schema;
        view->model = model;
        code = list_columns(view, err);
        if (!code)
                code = list_aggregates(view, err);
        if (code)
                return code;
        *ret = TAKE_PTR(view);
        return ERROR_NONE;
}

static void drop_version(View *view)
{
        free(view->metrics_name);
        free(view->schema_name);
        free(view->take_sql);
        free(view->advance_sql);
        free(view->load_sql);
        free(view->copy_sql);
        free(view->write_sql);
        free(view->write_imaged_sql);
        free(view->write_shared_sql);
        free(view->repair_sql);
        free(view->repair_lower_sql);
}

void view_free(View *view)
{
        if (!view)
                return;
        drop_version(view);
        free(view->aggregates);
        free(view->columns);
        schema_free(view->own_schema);
        free(view);
}

static char *make(const View *view, void (*append)(Buffer *sql, const View *view))
{
        Buffer sql = BUFFER_INIT;

        append(&sql, view);
        return buffer_take(&sql);
}

void view_set_version(View *view, int version)
{
        Buffer name = BUFFER_INIT, metrics = BUFFER_INIT;

        drop_version(view);
        view->write_imaged_sql = NULL;
        view->version = version;
        view->role = VIEW_LIVE;
        buffer_append_string(&metrics, view->model->view);
        view->metrics_name = buffer_take(&metrics);
        buffer_printf(&name, "view_%s_%d", view->model->view, version);
        view->schema_name = buffer_take(&name);
        view->take_sql = make(view, view_sql_take);
        view->advance_sql = make(view, view_sql_advance);
        view->load_sql = make(view, view_sql_load);
        view->copy_sql = make(view, view_sql_copy);
        view->write_sql = make(view, view_sql_write);
        view->write_shared_sql = make(view, view_sql_write_shared);
        view->repair_sql = make(view, repair_sql_differ);
        view->repair_lower_sql = make(view, repair_sql_lower);
}

void view_set_changes(View *view)
{
        view->with_changes = true;
        free(view->write_sql);
        free(view->write_imaged_sql);
        free(view->write_shared_sql);
        view->write_sql = make(view, view_sql_write);
        view->write_shared_sql = make(view, view_sql_write_shared);
        view->write_imaged_sql = make(view, view_sql_write_imaged);
}

void view_set_building(View *view)
{
        Buffer name = BUFFER_INIT;

        buffer_printf(&name, "%s/%d", view->model->view, view->version);
        free(view->metrics_name);
        view->metrics_name = buffer_take(&name);
        view->role = VIEW_BUILDING;
}
