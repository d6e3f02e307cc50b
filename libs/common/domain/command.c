#include "common/domain/command.h"

#include <string.h>

bool actor_in_group(const Actor *actor, const char *group)
{
        for (size_t i = 0; i < actor->n_groups; i++) {
                if (strcmp(actor->groups[i], group) == 0)
                        return true;
        }
        return false;
}

const char *command_string(const Command *command, const char *name)
{
        return json_fields_string(command->payload, name);
}

bool command_has(const Command *command, const char *name)
{
        JsonKind kind = json_span_kind(json_fields_get(command->payload, name));

        return kind != JSON_KIND_ABSENT && kind != JSON_KIND_NULL;
}
