#pragma once

/*
 * view.h — one read model as the projector sees it: columns, who feeds it, the statements of a version.
 */

#include <stdint.h>

#include "common/domain/aggregate.h"
#include "common/domain/row_fold.h"
#include "common/model/model.h"

/* What readers see of a version. */
typedef enum ViewRole {
        VIEW_LIVE,
        VIEW_BUILDING, /* nothing: it catches up beside the live one */
} ViewRole;

typedef struct View {
        Schema *own_schema; /* NULL: the schema is somebody else's */
        const Schema *schema;
        const Model *model;
        RowColumn *columns; /* of the model's table, "id" first */
        size_t n_columns;
        const AggregateType **aggregates; /* whose events change rows */
        size_t n_aggregates;
        bool with_changes; /* what is written becomes changes of the feed */

        /* Of one version, once view_set_version() was called. */
        int version;
        ViewRole role;
        char *metrics_name; /* "project", and "project/2" while version 2 is built */
        char *schema_name;  /* "view_project_1" */
        char *take_sql, *advance_sql, *load_sql, *copy_sql, *write_sql, *write_shared_sql;
        char *write_imaged_sql; /* with changes only */
        char *repair_sql, *repair_lower_sql;
} View;

/**
 * view_new() - the view of @model
 * @schema, @model:  borrowed
 *
 * Return: ERROR_NONE; ERROR_INVALID when the model has more columns than a statement can carry.
 */
_must_check_ ErrorCode view_new(View **ret, const Schema *schema, const Model *model, Error *err);
void view_free(View *view);
DEFINE_CLEANUP(View *, view_free)

/* Point the statements at the tables of @version, which is what readers see until view_set_building(). */
void view_set_version(View *view, int version);
void view_set_building(View *view);

/* From now on the write statement makes changes as well: of the live version, once it has its number. */
void view_set_changes(View *view);
