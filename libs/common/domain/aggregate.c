#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/domain/domain.h"

Aggregate *aggregate_new(const AggregateType *type)
{
        Aggregate *aggregate = calloc(1, sizeof *aggregate);
        void *state = calloc(1, type->state_size);

        if (!aggregate || !state) {
                (void)fprintf(stderr, "out of memory\n");
                abort(); /* as Buffer: nothing sensible is left to do */
        }
        aggregate->type = type;
        aggregate->state = state;
        return aggregate;
}

void aggregate_free(Aggregate *aggregate)
{
        if (!aggregate)
                return;
        if (aggregate->type->state_fini)
                aggregate->type->state_fini(aggregate->state);
        free(aggregate->state);
        free(aggregate);
}

ErrorCode aggregate_apply(Aggregate *aggregate, const Event *event, Error *err)
{
        _cleanup_(json_fields_deinit) JsonFields data = JSON_FIELDS_INIT;
        _cleanup_(buffer_deinit) Buffer upcast = BUFFER_INIT;
        ErrorCode code;

        if (event->sequence != aggregate->version + 1)
                return error_set(err, ERROR_INVALID,
                                 "event %" PRId64 " of %s \"%s\" cannot follow version %" PRId64,
                                 event->sequence, aggregate->type->name, event->aggregate_id,
                                 aggregate->version);
        code = event_current_data(aggregate->type, event, &upcast, &data, err);
        if (code)
                return code;
        aggregate_event(aggregate->type, event->type)->evolve(aggregate->state, event, &data);
        aggregate->version++;
        return ERROR_NONE;
}

size_t aggregate_bytes(const Aggregate *aggregate)
{
        const AggregateType *type = aggregate->type;

        return sizeof *aggregate + type->state_size +
               (type->state_bytes ? type->state_bytes(aggregate->state) : 0);
}
