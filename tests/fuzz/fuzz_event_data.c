/*
 * fuzz_event_data.c — eventData of any shape at every event type of the domain, at every version: state
 * and projections take it or refuse it, and nothing breaks.
 */

#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "fuzz.h"

static void check_refusal(const Error *err, const RowChanges *changes)
{
        FUZZ_CHECK(err->code != ERROR_NONE && *err->message);
        FUZZ_CHECK(row_changes_count(changes) == 0);
}

/* Every change that a projection made without complaint is one of a row with an id. */
static void project(const AggregateType *type, const Event *event, RowChanges *changes)
{
        _cleanup_(event_projection_deinit) EventProjection projection = EVENT_PROJECTION_INIT;

        for (const Projection *p = type->projections; p->event_type; p++) {
                Error err = ERROR_INIT;

                row_changes_clear(changes);
                if (event_project(&projection, type, event, p->model, changes, &err))
                        check_refusal(&err, changes);
                for (size_t i = 0; i < row_changes_count(changes); i++)
                        FUZZ_CHECK(*row_changes_at(changes, i)->id);
        }
}

static void apply(Aggregate *aggregate, const EventType *type, JsonSpan data, RowChanges *changes)
{
        for (int version = 1; version <= type->version; version++) {
                const Event event = {
                        .type = type->name,
                        .version = version,
                        .aggregate_type = aggregate->type->name,
                        .aggregate_id = "a",
                        .sequence = aggregate->version + 1,
                        .data = data,
                };

                if (aggregate_apply(aggregate, &event, NULL) == ERROR_NONE)
                        FUZZ_CHECK(aggregate->version == event.sequence);
                FUZZ_CHECK(aggregate_bytes(aggregate) > aggregate->type->state_size);
                project(aggregate->type, &event, changes);
        }
}

/* The same data for every event, twice over, on one aggregate. */
static void run(const AggregateType *type, JsonSpan data, RowChanges *changes)
{
        _cleanup_(aggregate_freep) Aggregate *aggregate = aggregate_new(type);

        for (int round = 0; round < 2; round++) {
                for (const EventType *event = type->events; event->name; event++)
                        apply(aggregate, event, data, changes);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();

        for (const AggregateType *const *type = domain_aggregates; *type; type++)
                run(*type, (JsonSpan){ (const char *)data, size }, changes);
        return 0;
}
