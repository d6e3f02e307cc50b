#include "common/domain/event_projection.h"

#include <string.h>

#include "common/domain/domain.h"

void event_projection_deinit(EventProjection *projection)
{
        json_fields_deinit(&projection->data);
        buffer_deinit(&projection->upcast);
}

static bool is_for(const Projection *projection, const char *event_type, const char *model)
{
        return strcmp(projection->event_type, event_type) == 0 &&
               strcmp(projection->model, model) == 0;
}

bool aggregate_feeds(const AggregateType *aggregate, const char *model)
{
        for (const Projection *p = aggregate->projections; p && p->event_type; p++)
                if (strcmp(p->model, model) == 0)
                        return true;
        return false;
}

bool event_type_feeds(const AggregateType *aggregate, const char *event_type, const char *model)
{
        for (const Projection *p = aggregate->projections; p && p->event_type; p++)
                if (is_for(p, event_type, model))
                        return true;
        return false;
}

ErrorCode event_project(EventProjection *projection, const AggregateType *aggregate,
                        const Event *event, const char *model, RowChanges *changes, Error *err)
{
        size_t before = row_changes_count(changes);
        const char *fault;
        ErrorCode code;

        if (!event_type_feeds(aggregate, event->type, model)) {
                if (aggregate_event(aggregate, event->type))
                        return ERROR_NONE;
                return error_set(err, ERROR_INVALID, "%s has no event type \"%s\"", aggregate->name,
                                 event->type);
        }
        code = event_current_data(aggregate, event, &projection->upcast, &projection->data, err);
        if (code)
                return code;
        for (const Projection *p = aggregate->projections; p->event_type; p++)
                if (is_for(p, event->type, model))
                        p->project(event, &projection->data, changes);
        fault = row_changes_fault(changes);
        if (!fault)
                return ERROR_NONE;
        code = error_set(err, ERROR_INVALID, "%s cannot be projected: %s", event->type, fault);
        row_changes_truncate(changes, before);
        return code;
}
