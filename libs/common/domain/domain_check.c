#include <string.h>

#include "common/domain/domain.h"
#include "common/event/token.h"

#define LOWER          "abcdefghijklmnopqrstuvwxyz"
#define UPPER          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS         "0123456789"

#define NAME_BYTES_MAX 64

static bool name_is_well_formed(const char *name, const char *first, const char *others)
{
        size_t size = strlen(name);

        return size > 0 && size < NAME_BYTES_MAX && strchr(first, name[0]) &&
               strspn(name, others) == size;
}

static ErrorCode wrong(Error *err, const char *thing, const char *name, const char *problem)
{
        return error_set(err, ERROR_INTERNAL, "%s \"%s\" %s", thing, name, problem);
}

static ErrorCode check_fields(const CommandType *command, Error *err)
{
        const PayloadField *id = NULL;

        if (!command->fields || !command->id_field)
                return wrong(err, "command", command->name, "lacks fields or id_field");
        for (const PayloadField *field = command->fields; field->name; field++) {
                if (!name_is_well_formed(field->name, LOWER, LOWER UPPER DIGITS))
                        return wrong(err, "field", field->name, "is not written in camelCase");
                for (const PayloadField *other = command->fields; other < field; other++) {
                        if (strcmp(other->name, field->name) == 0)
                                return wrong(err, "field", field->name, "is listed twice");
                }
                if (field->kind == PAYLOAD_ENUM && (!field->values || !field->values[0]))
                        return wrong(err, "field", field->name, "is an enum without values");
                if (strcmp(field->name, command->id_field) == 0)
                        id = field;
        }
        if (!id || id->kind != PAYLOAD_ID)
                return wrong(err, "command", command->name,
                             "does not list its id_field as PAYLOAD_ID");
        if (id->required == command->creates)
                return wrong(err, "command", command->name,
                             command->creates ? "creates, but requires an id"
                                              : "does not create, but its id is optional");
        return ERROR_NONE;
}

static ErrorCode check_rules(const AggregateType *type, const CommandType *command, Error *err)
{
        if (!command->allow || command->allow[0].kind == ALLOW_END)
                return wrong(err, "command", command->name, "has no rule: nobody could send it");
        for (const AllowRule *rule = command->allow; rule->kind != ALLOW_END; rule++) {
                if (rule->kind == ALLOW_GROUP && (!rule->group || !*rule->group))
                        return wrong(err, "command", command->name, "has a rule without a group");
                if (rule->kind == ALLOW_OWNER && !type->owner)
                        return wrong(err, "command", command->name,
                                     "is for owners, but its aggregate has none");
        }
        return ERROR_NONE;
}

static ErrorCode check_command(const AggregateType *type, const CommandType *command, Error *err)
{
        const AggregateType *of;
        ErrorCode code;

        if (!name_is_well_formed(command->name, UPPER, LOWER UPPER DIGITS))
                return wrong(err, "command", command->name, "is not written in PascalCase");
        if (domain_command(command->name, &of) != command)
                return wrong(err, "command", command->name, "is there twice");
        if (!command->decide)
                return wrong(err, "command", command->name, "has no decide");
        code = check_fields(command, err);
        if (!code)
                code = check_rules(type, command, err);
        return code;
}

static ErrorCode check_event(const AggregateType *type, const EventType *event, Error *err)
{
        if (!name_is_well_formed(event->name, UPPER, LOWER UPPER DIGITS))
                return wrong(err, "event", event->name, "is not written in PascalCase");
        if (aggregate_event(type, event->name) != event)
                return wrong(err, "event", event->name, "is there twice");
        if (event->version < 1 || !event->evolve)
                return wrong(err, "event", event->name, "lacks a version or an evolve");
        if ((event->version > 1) != (event->upcast != NULL))
                return wrong(err, "event", event->name,
                             "needs an upcast exactly when its version is above 1");
        return ERROR_NONE;
}

static ErrorCode check_projection(const AggregateType *type, const Projection *projection,
                                  Error *err)
{
        if (!aggregate_event(type, projection->event_type))
                return wrong(err, "projection of", projection->event_type,
                             "is for an event that the aggregate does not have");
        if (!projection->model || !projection->project)
                return wrong(err, "projection of", projection->event_type,
                             "lacks a model or a project");
        return ERROR_NONE;
}

static ErrorCode check_snapshot(const AggregateType *type, Error *err)
{
        const SnapshotOps *ops = type->snapshot;

        if (ops && (ops->state_version < 1 || !ops->encode || !ops->decode))
                return wrong(err, "the snapshot of", type->name,
                             "lacks a state_version, an encode or a decode");
        return ERROR_NONE;
}

static ErrorCode check_aggregate(const AggregateType *type, Error *err)
{
        ErrorCode code = ERROR_NONE;

        if (!name_is_well_formed(type->name, LOWER, LOWER DIGITS "_") ||
            strlen(type->name) >= sizeof((Token *)0)->aggregate_type)
                return wrong(err, "aggregate", type->name, "is not written in snake_case");
        if (domain_aggregate(type->name) != type)
                return wrong(err, "aggregate", type->name, "is there twice");
        if (!type->state_size || !type->commands || !type->events || !type->projections)
                return wrong(err, "aggregate", type->name,
                             "lacks state_size, commands, events or projections");
        code = check_snapshot(type, err);
        for (const CommandType *c = type->commands; !code && c->name; c++)
                code = check_command(type, c, err);
        for (const EventType *e = type->events; !code && e->name; e++)
                code = check_event(type, e, err);
        for (const Projection *p = type->projections; !code && p->event_type; p++)
                code = check_projection(type, p, err);
        return code;
}

ErrorCode domain_check(Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (const AggregateType *const *type = domain_aggregates; !code && *type; type++) {
                if (!(*type)->name)
                        return error_set(err, ERROR_INTERNAL, "an aggregate has no name");
                code = check_aggregate(*type, err);
        }
        return code;
}
