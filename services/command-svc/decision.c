#include "decision.h"

#include <assert.h>
#include <inttypes.h>

#include "common/base/json_writer.h"

void decision_scratch_deinit(DecisionScratch *scratch)
{
        event_list_deinit(&scratch->events);
        buffer_deinit(&scratch->metadata);
}

/* Whether the client's If-Match or If-None-Match holds; the outcome is a refusal otherwise. */
static bool check_expected(CommandRequest *request, int64_t version)
{
        Error err;

        switch (request->expect) {
        case EXPECT_ANY:
                return true;
        case EXPECT_VERSION:
                if (request->expected_version == version)
                        return true;
                (void)error_set_field(&err, ERROR_CONFLICT, "If-Match",
                                      "the %s is at version %" PRId64 ", not %" PRId64,
                                      request->aggregate_type->name, version,
                                      request->expected_version);
                command_request_refuse(request, &err, 0);
                return false;
        case EXPECT_EXISTS:
                if (version > 0)
                        return true;
                (void)error_set_field(&err, ERROR_CONFLICT, "If-Match", "the %s does not exist",
                                      request->aggregate_type->name);
                break;
        case EXPECT_MISSING:
                if (version == 0)
                        return true;
                (void)error_set_field(&err, ERROR_CONFLICT, "If-None-Match", "the %s exists",
                                      request->aggregate_type->name);
                break;
        }
        command_request_refuse(request, &err, 412);
        return false;
}

static void write_metadata(Buffer *buffer, const CommandRequest *request)
{
        char id[UUID_TEXT_SIZE];

        uuid_format(&request->id, id);
        buffer_clear(buffer);
        json_write_object(buffer, NULL);
        json_write_string(buffer, "aggregateType", request->aggregate_type->name);
        json_write_string(buffer, "causationId", id);
        json_write_string(buffer, "commandId", id);
        json_write_string(buffer, "actor", request->actor_name);
        if (request->traceparent)
                json_write_string(buffer, "traceparent", request->traceparent);
        json_write_object_end(buffer);
}

static ErrorCode apply_events(Aggregate *aggregate, const StoredEvents *events, Error *err)
{
        for (size_t i = 0; i < stored_events_count(events); i++) {
                ErrorCode code = aggregate_apply(aggregate, stored_events_at(events, i), err);

                if (code)
                        return code;
        }
        return ERROR_NONE;
}

bool decide_command(CommandRequest *request, Aggregate *aggregate, DecisionScratch *scratch)
{
        Command command = {
                .type = request->type,
                .id = request->id,
                .aggregate_id = request->aggregate_id,
                .fresh_id = request->fresh_id,
                .payload = &request->payload,
                .actor = &request->actor,
                .version = aggregate->version,
                .received_us = request->received_us,
        };
        StoredEventsHead head;
        Error err = ERROR_INIT;
        ErrorCode code;

        request->outcome = (CommandOutcome){ .version = aggregate->version };
        code = command_allowed(request->aggregate_type, aggregate->state, &command, &err);
        if (code) {
                command_request_refuse(request, &err, 0);
                return false;
        }
        if (!check_expected(request, aggregate->version))
                return true;

        event_list_clear(&scratch->events);
        code = request->type->decide(aggregate->state, &command, &scratch->events, &err);
        if (!code)
                code = event_list_check(&scratch->events, &err);
        if (code) {
                command_request_refuse(request, &err, 0);
                return true;
        }
        request->outcome.kind = OUTCOME_STORED;
        request->outcome.status = 200;
        if (scratch->events.n_events == 0)
                return true;

        request->outcome.status = 201;
        write_metadata(&scratch->metadata, request);
        head = (StoredEventsHead){
                .aggregate_type = request->aggregate_type->name,
                .aggregate_id = request->aggregate_id,
                .correlation_id = request->correlation_id,
                .metadata = { scratch->metadata.data, scratch->metadata.size },
                .first_sequence = aggregate->version + 1,
        };
        request->outcome.events = stored_events_new(&head, &scratch->events);
        code = apply_events(aggregate, request->outcome.events, &err);
        if (code) {
                stored_events_unref(TAKE_PTR(request->outcome.events));
                (void)error_set(&err, ERROR_INTERNAL, "%s made an event that cannot be applied",
                                request->type->name);
                command_request_refuse(request, &err, 0);
                return false;
        }
        request->outcome.version = aggregate->version;
        return true;
}
