/*
 * fuzz_command_body.c — bodies of commands, at every command type of the domain. What passes the check
 * is decided on a new aggregate; events that come of it must be sound, and refusals must be sayable.
 */

#include <string.h>

#include "common/base/json_writer.h"
#include "common/domain/domain.h"
#include "fuzz.h"

/* A refusal goes out as JSON: its texts must be valid UTF-8, whatever the client sent. */
static void check_refusal(const Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        json_write_object(&text, NULL);
        json_write_string(&text, "field", err->field);
        json_write_string(&text, "message", err->message);
        json_write_object_end(&text);
        FUZZ_CHECK(err->code != ERROR_NONE && *err->message);
        FUZZ_CHECK(json_text_check(text.data, text.size, 1, NULL) == ERROR_NONE);
}

static void check_events(const AggregateType *type, const Command *command, const EventList *events)
{
        _cleanup_(aggregate_freep) Aggregate *aggregate = aggregate_new(type);

        for (size_t i = 0; i < events->n_events; i++) {
                Event event = {
                        .type = events->events[i].type,
                        .version = events->events[i].version,
                        .aggregate_type = type->name,
                        .aggregate_id = command->aggregate_id,
                        .sequence = (int64_t)i + 1,
                        .data = event_list_data(events, i),
                };

                FUZZ_CHECK(json_text_check(event.data.text, event.data.size, 64, NULL) ==
                           ERROR_NONE);
                FUZZ_CHECK(aggregate_apply(aggregate, &event, NULL) == ERROR_NONE);
        }
}

static void decide(const AggregateType *type, const CommandType *command_type, JsonFields *payload)
{
        static const char *const groups[] = { "Admin" };
        const Actor actor = { .user = "root", .groups = groups, .n_groups = 1 };
        _cleanup_(aggregate_freep) Aggregate *aggregate = aggregate_new(type);
        _cleanup_(event_list_deinit) EventList events = EVENT_LIST_INIT;
        Command command = {
                .type = command_type,
                .aggregate_id = json_fields_string(payload, command_type->id_field),
                .fresh_id = "fresh",
                .payload = payload,
                .actor = &actor,
        };
        Error err = ERROR_INIT;

        if (!command.aggregate_id)
                command.aggregate_id = "made-up";
        if (command_allowed(type, aggregate->state, &command, &err) ||
            command_type->decide(aggregate->state, &command, &events, &err))
                check_refusal(&err);
        else
                check_events(type, &command, &events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        for (const AggregateType *const *type = domain_aggregates; *type; type++) {
                for (const CommandType *command = (*type)->commands; command->name; command++) {
                        _cleanup_(json_fields_deinit) JsonFields payload = JSON_FIELDS_INIT;
                        Error err = ERROR_INIT;

                        if (payload_check(command, (const char *)data, size, &payload, &err))
                                check_refusal(&err);
                        else
                                decide(*type, command, &payload);
                }
        }
        return 0;
}
