#pragma once

/*
 * scenario_rows.h — the rows of one model in memory, folded from row changes as the projector does it.
 */

#include "common/base/buffer.h"
#include "common/domain/row_changes.h"

typedef struct ScenarioRows ScenarioRows;

ScenarioRows *scenario_rows_new(void);
void scenario_rows_free(ScenarioRows *rows);
DEFINE_CLEANUP(ScenarioRows *, scenario_rows_free)

void scenario_rows_apply(ScenarioRows *rows, const RowChanges *changes);
size_t scenario_rows_count(const ScenarioRows *rows);

/* The index of the row with @id; scenario_rows_count() when there is none. */
size_t scenario_rows_find(const ScenarioRows *rows, const char *id);

/* Fields that are set, null ones too; and the text of one: false when the row does not name it. */
size_t scenario_rows_fields(const ScenarioRows *rows, size_t row);
bool scenario_rows_get(const ScenarioRows *rows, size_t row, const char *field, const char **ret);

/* "name=Apollo owner=null", for messages. */
void scenario_rows_print(const ScenarioRows *rows, size_t row, Buffer *ret);
