#include "scenario_rows.h"

#include <assert.h>
#include <check.h>
#include <string.h>

#include "common/base/json_writer.h"
#include "common/domain/event_projection.h"
#include "common/domain/row_fold.h"

#define COLUMNS_MAX 256

struct ScenarioRows {
        RowColumn columns[COLUMNS_MAX]; /* every field that is named, the id first */
        size_t n_columns;
        RowChanges *changes;
        size_t *first; /* change of each event, and one behind the last */
        RowFold *fold;
};

static void add_columns(ScenarioRows *rows, const RowChange *change)
{
        for (size_t i = 0; i < change->n_values; i++) {
                const char *field = change->values[i].field;
                size_t at = 0;

                while (at < rows->n_columns && strcmp(rows->columns[at].name, field) != 0)
                        at++;
                if (at < rows->n_columns)
                        continue;
                ck_assert_uint_lt(rows->n_columns, COLUMNS_MAX);
                rows->columns[rows->n_columns++] =
                        (RowColumn){ .name = field, .number = change->values[i].added };
        }
}

static void project(ScenarioRows *rows, const AggregateType *type, const Event *events, size_t n,
                    const char *model)
{
        _cleanup_(event_projection_deinit) EventProjection projection = EVENT_PROJECTION_INIT;
        Error err = ERROR_INIT;

        for (size_t i = 0; i < n; i++) {
                rows->first[i] = row_changes_count(rows->changes);
                ck_assert_msg(event_project(&projection, type, &events[i], model, rows->changes,
                                            &err) == ERROR_NONE,
                              "%s cannot be projected to %s: %s", events[i].type, model,
                              err.message);
        }
        rows->first[n] = row_changes_count(rows->changes);
        for (size_t i = 0; i < rows->first[n]; i++)
                add_columns(rows, row_changes_at(rows->changes, i));
}

ScenarioRows *scenario_rows_new(const AggregateType *type, const Event *events, size_t n_events,
                                const char *model)
{
        ScenarioRows *rows = calloc(1, sizeof *rows);

        assert(rows);
        rows->columns[rows->n_columns++] = (RowColumn){ .name = "id" };
        rows->changes = row_changes_new();
        rows->first = calloc(n_events + 1, sizeof *rows->first);
        assert(rows->changes && rows->first);
        project(rows, type, events, n_events, model);
        rows->fold = row_fold_new(rows->columns, rows->n_columns);
        for (size_t i = 0; i < n_events; i++) {
                Error err = ERROR_INIT;

                ck_assert_msg(row_fold_apply(rows->fold, &events[i], rows->changes, rows->first[i],
                                             rows->first[i + 1] - rows->first[i],
                                             &err) == ERROR_NONE,
                              "%s cannot be projected to %s: %s", events[i].type, model,
                              err.message);
        }
        return rows;
}

void scenario_rows_free(ScenarioRows *rows)
{
        row_fold_free(rows->fold);
        row_changes_free(rows->changes);
        free(rows->first);
        free(rows);
}

size_t scenario_rows_count(const ScenarioRows *rows)
{
        size_t n = 0;

        for (size_t i = 0; i < row_fold_count(rows->fold); i++)
                n += row_fold_at(rows->fold, i).present;
        return n;
}

static bool is_json(const char *text)
{
        const char *end = text + strlen(text);

        return json_scan_value(text, end) == end;
}

static void write_cell(const char *field, const char *cell, const JsonFields *like, Buffer *ret)
{
        JsonKind kind = json_span_kind(json_fields_get(like, field));

        if (!cell)
                return;
        if (kind != JSON_KIND_STRING && is_json(cell))
                json_write_raw(ret, field, (JsonSpan){ cell, strlen(cell) });
        else
                json_write_string(ret, field, cell);
}

static bool find_row(const ScenarioRows *rows, const char *id, bool shared, FoldRow *ret)
{
        for (size_t i = 0; i < row_fold_count(rows->fold); i++) {
                *ret = row_fold_at(rows->fold, i);
                if (ret->present && strcmp(ret->id, id) == 0 &&
                    (strcmp(ret->aggregate, ROW_SHARED) == 0) == shared)
                        return true;
        }
        return false;
}

bool scenario_rows_json(const ScenarioRows *rows, const char *id, const char *like, Buffer *ret)
{
        _cleanup_(json_fields_deinit) JsonFields kinds = JSON_FIELDS_INIT;
        Error err = ERROR_INIT;
        FoldRow row;

        if (!find_row(rows, id, false, &row) && !find_row(rows, id, true, &row))
                return false;
        ck_assert_msg(!like || json_fields_parse(&kinds, like, strlen(like), &err) == ERROR_NONE,
                      "%s in %s", err.message, like);
        json_write_object(ret, NULL);
        for (size_t i = 1; i < rows->n_columns; i++) /* without the id */
                write_cell(rows->columns[i].name, row.values[i], &kinds, ret);
        json_write_object_end(ret);
        return true;
}

void scenario_rows_ids(const ScenarioRows *rows, Buffer *ret)
{
        size_t from = ret->size;

        for (size_t i = 0; i < row_fold_count(rows->fold); i++) {
                FoldRow row = row_fold_at(rows->fold, i);

                if (row.present)
                        buffer_printf(ret, "%s\"%s\"", ret->size > from ? ", " : "", row.id);
        }
        if (ret->size == from)
                buffer_append_string(ret, "none");
}
