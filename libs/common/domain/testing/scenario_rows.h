#pragma once

/*
 * scenario_rows.h — the rows of one model that some events leave, folded as the projector does it.
 */

#include "common/base/buffer.h"
#include "common/domain/aggregate.h"

typedef struct ScenarioRows ScenarioRows;

/* Fails the libcheck test when an event cannot be projected. @type and @events are borrowed. */
ScenarioRows *scenario_rows_new(const AggregateType *type, const Event *events, size_t n_events,
                                const char *model);
void scenario_rows_free(ScenarioRows *rows);
DEFINE_CLEANUP(ScenarioRows *, scenario_rows_free)

size_t scenario_rows_count(const ScenarioRows *rows);

/**
 * scenario_rows_json() - append the row with @id as a JSON object, without what is null
 * @like:  a JSON object that says which values are strings and which are JSON; values that it does not
 *         have are JSON where they can be. NULL: there is no such object
 *
 * Return: false when there is no such row.
 */
bool scenario_rows_json(const ScenarioRows *rows, const char *id, const char *like, Buffer *ret);

/* Append the ids of all rows, for messages. */
void scenario_rows_ids(const ScenarioRows *rows, Buffer *ret);
