#include "common/domain/domain.h"

#include <string.h>

const AggregateType *domain_aggregate(const char *name)
{
        for (const AggregateType *const *type = domain_aggregates; *type; type++) {
                if (strcmp((*type)->name, name) == 0)
                        return *type;
        }
        return NULL;
}

const CommandType *domain_command(const char *name, const AggregateType **ret_aggregate)
{
        for (const AggregateType *const *type = domain_aggregates; *type; type++) {
                for (const CommandType *command = (*type)->commands; command->name; command++) {
                        if (strcmp(command->name, name) == 0) {
                                if (ret_aggregate)
                                        *ret_aggregate = *type;
                                return command;
                        }
                }
        }
        return NULL;
}

const EventType *aggregate_event(const AggregateType *aggregate, const char *event_type)
{
        for (const EventType *event = aggregate->events; event->name; event++) {
                if (strcmp(event->name, event_type) == 0)
                        return event;
        }
        return NULL;
}
