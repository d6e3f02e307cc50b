#include "scenario_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/state.h"

typedef struct Cell {
        char *field;
        char *text;
} Cell;

typedef struct Row {
        char *id;
        Cell *cells;
        size_t n_cells;
} Row;

struct ScenarioRows {
        Row *rows;
        size_t n_rows;
};

ScenarioRows *scenario_rows_new(void)
{
        ScenarioRows *rows = calloc(1, sizeof *rows);

        assert(rows);
        return rows;
}

static void clear_cells(Row *row)
{
        for (size_t i = 0; i < row->n_cells; i++) {
                free(row->cells[i].field);
                free(row->cells[i].text);
        }
        free(row->cells);
        row->cells = NULL;
        row->n_cells = 0;
}

void scenario_rows_free(ScenarioRows *rows)
{
        for (size_t i = 0; i < rows->n_rows; i++) {
                clear_cells(&rows->rows[i]);
                free(rows->rows[i].id);
        }
        free(rows->rows);
        free(rows);
}

size_t scenario_rows_count(const ScenarioRows *rows)
{
        return rows->n_rows;
}

size_t scenario_rows_find(const ScenarioRows *rows, const char *id)
{
        size_t i = 0;

        while (i < rows->n_rows && strcmp(rows->rows[i].id, id) != 0)
                i++;
        return i;
}

static Cell *find_cell(const Row *row, const char *field)
{
        for (size_t i = 0; i < row->n_cells; i++) {
                if (strcmp(row->cells[i].field, field) == 0)
                        return &row->cells[i];
        }
        return NULL;
}

static void set_cell(Row *row, const RowValue *value)
{
        Cell *cell = find_cell(row, value->field);

        if (!cell) {
                row->cells = state_list_grow(row->cells, row->n_cells, sizeof *row->cells);
                cell = &row->cells[row->n_cells++];
                state_text_set(&cell->field, value->field);
        }
        state_text_set(&cell->text, value->text);
}

static void remove_row(ScenarioRows *rows, size_t at)
{
        clear_cells(&rows->rows[at]);
        free(rows->rows[at].id);
        rows->rows[at] = rows->rows[--rows->n_rows];
}

static void apply_change(ScenarioRows *rows, const RowChange *change)
{
        size_t at = scenario_rows_find(rows, change->id);

        if (at == rows->n_rows) {
                if (change->kind != ROW_PUT)
                        return;
                rows->rows = state_list_grow(rows->rows, rows->n_rows, sizeof *rows->rows);
                state_text_set(&rows->rows[rows->n_rows++].id, change->id);
        }
        if (change->kind == ROW_DELETE) {
                remove_row(rows, at);
                return;
        }
        if (change->kind == ROW_PUT)
                clear_cells(&rows->rows[at]);
        for (size_t i = 0; i < change->n_values; i++)
                set_cell(&rows->rows[at], &change->values[i]);
}

void scenario_rows_apply(ScenarioRows *rows, const RowChanges *changes)
{
        for (size_t i = 0; i < row_changes_count(changes); i++)
                apply_change(rows, row_changes_at(changes, i));
}

size_t scenario_rows_fields(const ScenarioRows *rows, size_t row)
{
        return rows->rows[row].n_cells;
}

bool scenario_rows_get(const ScenarioRows *rows, size_t row, const char *field, const char **ret)
{
        const Cell *cell = find_cell(&rows->rows[row], field);

        if (!cell)
                return false;
        *ret = cell->text;
        return true;
}

void scenario_rows_print(const ScenarioRows *rows, size_t row, Buffer *ret)
{
        for (size_t i = 0; i < rows->rows[row].n_cells; i++) {
                const Cell *cell = &rows->rows[row].cells[i];

                buffer_printf(ret, "%s%s=%s", i ? " " : "", cell->field,
                              cell->text ? cell->text : "null");
        }
}
