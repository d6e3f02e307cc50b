#include <string.h>

#include "common/domain/domain.h"

static bool signed_in(const Actor *actor)
{
        return !actor->api_key && *actor->user;
}

static bool owns(const AggregateType *aggregate, const void *state, const Command *command)
{
        const char *owner;

        if (!signed_in(command->actor))
                return false;
        if (command->version == 0)
                return true;
        owner = aggregate->owner ? aggregate->owner(state) : NULL;
        return owner && strcmp(owner, command->actor->user) == 0;
}

static bool rule_allows(const AllowRule *rule, const AggregateType *aggregate, const void *state,
                        const Command *command)
{
        switch (rule->kind) {
        case ALLOW_OWNER:
                return owns(aggregate, state, command);
        case ALLOW_GROUP:
                return actor_in_group(command->actor, rule->group);
        case ALLOW_SIGNED_IN:
                return signed_in(command->actor);
        case ALLOW_API_KEY:
                return command->actor->api_key;
        case ALLOW_END:
                break;
        }
        return false;
}

static void describe_rule(Buffer *text, const AllowRule *rule, const AggregateType *aggregate)
{
        switch (rule->kind) {
        case ALLOW_OWNER:
                buffer_printf(text, "the owner of the %s", aggregate->name);
                break;
        case ALLOW_GROUP:
                buffer_printf(text, "group %s", rule->group);
                break;
        case ALLOW_SIGNED_IN:
                buffer_append_string(text, "signed-in users");
                break;
        case ALLOW_API_KEY:
                buffer_append_string(text, "API keys");
                break;
        case ALLOW_END:
                break;
        }
}

ErrorCode command_allowed(const AggregateType *aggregate, const void *state, const Command *command,
                          Error *err)
{
        const AllowRule *rules = command->type->allow;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        for (const AllowRule *rule = rules; rule->kind != ALLOW_END; rule++) {
                if (rule_allows(rule, aggregate, state, command))
                        return ERROR_NONE;
        }
        for (const AllowRule *rule = rules; rule->kind != ALLOW_END; rule++) {
                if (rule != rules)
                        buffer_append_string(&text, ", ");
                describe_rule(&text, rule, aggregate);
        }
        return error_set(err, ERROR_FORBIDDEN, "%s is open to: %s", command->type->name,
                         text.size ? buffer_text(&text) : "nobody");
}
