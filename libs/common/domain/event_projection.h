#pragma once

/*
 * event_projection.h — from an event to the row changes of one model, through the domain's projections.
 */

#include "common/domain/aggregate.h"

/* Memory that is used again from event to event; one per thread. */
typedef struct EventProjection {
        JsonFields data;
        Buffer upcast;
} EventProjection;

#define EVENT_PROJECTION_INIT ((EventProjection){ .data = JSON_FIELDS_INIT })

void event_projection_deinit(EventProjection *projection);

/* Whether events of @aggregate change rows of @model at all. */
bool aggregate_feeds(const AggregateType *aggregate, const char *model);

/* Whether events of this type do. */
bool event_type_feeds(const AggregateType *aggregate, const char *event_type, const char *model);

/**
 * event_project() - append what @event changes in the rows of @model to @changes
 *
 * An event that does not concern the model appends nothing; its eventData is not looked at.
 * On failure @changes is as it was before.
 *
 * Return: ERROR_NONE; ERROR_INVALID when the event type is unknown, its version is newer than this
 *         program, or what its projection made is no row; ERROR_MALFORMED when its data cannot be read.
 */
_must_check_ ErrorCode event_project(EventProjection *projection, const AggregateType *aggregate,
                                     const Event *event, const char *model, RowChanges *changes,
                                     Error *err);
