#include "scenario.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "scenario_difference.h"
#include "scenario_rows.h"
#include "scenario_snapshots.h"

#define SCENARIO_EVENTS_MAX 256

struct Scenario {
        const AggregateType *type;
        const char *id;
        Aggregate *aggregate;
        Event events[SCENARIO_EVENTS_MAX]; /* all that happened */
        char *data[SCENARIO_EVENTS_MAX];   /* of each event */
        size_t n_events;
        size_t first_made; /* by the last command */
        size_t n_taken;    /* by then_event() */
        unsigned n_commands;
        bool sent;
        Error refusal;
};

static Buffer with_quotes(const char *text)
{
        Buffer quoted = BUFFER_INIT;

        for (; *text; text++)
                buffer_append(&quoted, *text == '\'' ? "\"" : text, 1);
        return quoted;
}

Scenario *scenario_new(const char *aggregate_type, const char *aggregate_id)
{
        const AggregateType *type = domain_aggregate(aggregate_type);
        Scenario *scenario;

        ck_assert_msg(type, "the domain has no aggregate \"%s\"", aggregate_type);
        scenario = calloc(1, sizeof *scenario);
        ck_assert_ptr_nonnull(scenario);
        scenario->type = type;
        scenario->id = aggregate_id;
        scenario->aggregate = aggregate_new(type);
        return scenario;
}

void scenario_free(Scenario *scenario)
{
        for (size_t i = 0; i < scenario->n_events; i++)
                free(scenario->data[i]);
        aggregate_free(scenario->aggregate);
        free(scenario);
}

/* Takes @data over. */
static void add_event(Scenario *scenario, const char *type, int version, Buffer *data)
{
        Event *event;
        Error err = ERROR_INIT;
        size_t size = data->size;

        ck_assert_uint_lt(scenario->n_events, SCENARIO_EVENTS_MAX);
        scenario->data[scenario->n_events] = buffer_take(data);
        event = &scenario->events[scenario->n_events++];
        *event = (Event){
                .type = type,
                .version = version,
                .aggregate_type = scenario->type->name,
                .aggregate_id = scenario->id,
                .sequence = (int64_t)scenario->n_events,
                .data = { scenario->data[scenario->n_events - 1], size },
                .metadata = { "{}", 2 },
                .correlation_id = "scenario",
                .timestamp_us = SCENARIO_START_US + (int64_t)scenario->n_events * US_PER_SEC,
                .position = (int64_t)scenario->n_events,
        };
        ck_assert_msg(aggregate_apply(scenario->aggregate, event, &err) == ERROR_NONE,
                      "%s cannot be applied: %s", type, err.message);
}

void given_version(Scenario *scenario, const char *event_type, int version, const char *data)
{
        Buffer text = with_quotes(data);
        Error err = ERROR_INIT;

        ck_assert_msg(!scenario->sent, "given() comes before when()");
        ck_assert_msg(json_text_check(buffer_text(&text), text.size, 64, &err) == ERROR_NONE,
                      "eventData of %s: %s", event_type, err.message);
        add_event(scenario, event_type, version, &text);
}

void given(Scenario *scenario, const char *event_type, const char *data)
{
        const EventType *type = aggregate_event(scenario->type, event_type);

        ck_assert_msg(type, "%s has no event \"%s\"", scenario->type->name, event_type);
        given_version(scenario, event_type, type->version, data);
}

static ErrorCode decide(Scenario *scenario, const CommandType *type, const Buffer *payload,
                        const Actor *actor, EventList *ret)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        char fresh_id[sizeof SCENARIO_FRESH_ID];
        Command command = {
                .type = type,
                .id = uuid_from_name(type->name, strlen(type->name)),
                .aggregate_id = scenario->id,
                .fresh_id = fresh_id,
                .payload = &fields,
                .actor = actor,
                .version = scenario->aggregate->version,
                .received_us = SCENARIO_START_US + (int64_t)scenario->n_events * US_PER_SEC +
                               US_PER_SEC / 2,
        };
        const char *id;
        ErrorCode code;

        (void)snprintf(fresh_id, sizeof fresh_id, "%.28s%08u", SCENARIO_FRESH_ID,
                       scenario->n_commands % 100000000);
        code = payload_check(type, buffer_text(payload), payload->size, &fields,
                             &scenario->refusal);
        if (code)
                return code;
        id = command_string(&command, type->id_field);
        ck_assert_msg(!id || strcmp(id, scenario->id) == 0,
                      "the scenario is about \"%s\", not \"%s\"", scenario->id, id ? id : "");
        code = scenario_decide(scenario->aggregate, &command, ret, &scenario->refusal);
        scenario_check_snapshots(scenario->aggregate, scenario->events, &command, ret,
                                 &scenario->refusal);
        return code;
}

void when(Scenario *scenario, const char *command_type, const char *payload, const Actor *actor)
{
        const AggregateType *aggregate = NULL;
        const CommandType *type = domain_command(command_type, &aggregate);
        _cleanup_(buffer_deinit) Buffer text = with_quotes(payload);
        _cleanup_(event_list_deinit) EventList events = EVENT_LIST_INIT;
        ErrorCode code;

        ck_assert_msg(type && aggregate == scenario->type, "%s has no command \"%s\"",
                      scenario->type->name, command_type);
        scenario->sent = true;
        scenario->n_commands++;
        scenario->first_made = scenario->n_taken = scenario->n_events;
        scenario->refusal = ERROR_INIT;
        code = decide(scenario, type, &text, actor, &events);
        ck_assert_msg(code == scenario->refusal.code, "a refusal must fill its error");
        if (code)
                return;
        for (size_t i = 0; i < events.n_events; i++) {
                JsonSpan data = event_list_data(&events, i);
                Buffer copy = BUFFER_INIT;
                Error err = ERROR_INIT;

                ck_assert_msg(json_text_check(data.text, data.size, 64, &err) == ERROR_NONE,
                              "%s made a %s that is no JSON: %s", command_type,
                              events.events[i].type, err.message);
                buffer_append(&copy, data.text, data.size);
                add_event(scenario, events.events[i].type, events.events[i].version, &copy);
        }
}

static void check_accepted(const Scenario *scenario)
{
        ck_assert_msg(scenario->sent, "nothing was sent yet");
        ck_assert_msg(!scenario->refusal.code, "refused as %s: %s",
                      error_code_name(scenario->refusal.code), scenario->refusal.message);
}

/* The events of the last command that then_event() has not taken, a line each. */
static void append_left(const Scenario *scenario, Buffer *ret)
{
        for (size_t i = scenario->n_taken; i < scenario->n_events; i++)
                buffer_printf(ret, "\n#   %s %s", scenario->events[i].type,
                              scenario->events[i].data.text);
}

void then_event(Scenario *scenario, const char *event_type, const char *data)
{
        _cleanup_(buffer_deinit) Buffer expected = with_quotes(data), text = BUFFER_INIT;
        const Event *event;

        check_accepted(scenario);
        ck_assert_msg(scenario->n_taken < scenario->n_events,
                      "there is no further event, expected %s %s", event_type,
                      buffer_text(&expected));
        event = &scenario->events[scenario->n_taken];
        append_left(scenario, &text);
        ck_assert_msg(strcmp(event->type, event_type) == 0,
                      "the next event is no %s; what is there:%s", event_type, buffer_text(&text));
        scenario->n_taken++;
        if (strcmp(event->data.text, buffer_text(&expected)) == 0)
                return;
        buffer_clear(&text);
        scenario_difference(&text, buffer_text(&expected), event->data.text);
        ck_abort_msg("%s differs%s", event_type, buffer_text(&text));
}

void then_nothing_more(Scenario *scenario)
{
        _cleanup_(buffer_deinit) Buffer left = BUFFER_INIT;

        check_accepted(scenario);
        append_left(scenario, &left);
        ck_assert_msg(!left.size, "there is more:%s", buffer_text(&left));
}

void then_refused(Scenario *scenario, ErrorCode code, const char *field)
{
        const Error *refusal = &scenario->refusal;
        _cleanup_(buffer_deinit) Buffer left = BUFFER_INIT;

        ck_assert_msg(scenario->sent, "nothing was sent yet");
        append_left(scenario, &left);
        ck_assert_msg(refusal->code, "it was not refused, and made %s",
                      left.size ? buffer_text(&left) : "no event");
        ck_assert_msg(refusal->code == code && strcmp(refusal->field, field) == 0,
                      "refused as %s of \"%s\", not as %s of \"%s\": %s",
                      error_code_name(refusal->code), refusal->field, error_code_name(code), field,
                      refusal->message);
        ck_assert_msg(*refusal->message, "a refusal must say why");
}

const char *scenario_message(const Scenario *scenario)
{
        return scenario->refusal.message;
}

int64_t scenario_version(const Scenario *scenario)
{
        return scenario->aggregate->version;
}

static ScenarioRows *fold_rows(const Scenario *scenario, const char *model)
{
        return scenario_rows_new(scenario->type, scenario->events, scenario->n_events, model);
}

void then_row(Scenario *scenario, const char *model, const char *id, const char *row)
{
        _cleanup_(scenario_rows_freep) ScenarioRows *rows = fold_rows(scenario, model);
        _cleanup_(buffer_deinit) Buffer expected = with_quotes(row), found = BUFFER_INIT,
                                        text = BUFFER_INIT;

        scenario_rows_ids(rows, &text);
        ck_assert_msg(scenario_rows_json(rows, id, buffer_text(&expected), &found),
                      "%s has no row \"%s\"; there are: %s", model, id, buffer_text(&text));
        if (scenario_same(buffer_text(&expected), buffer_text(&found)))
                return;
        buffer_clear(&text);
        scenario_difference(&text, buffer_text(&expected), buffer_text(&found));
        ck_abort_msg("%s \"%s\" differs%s", model, id, buffer_text(&text));
}

void then_no_row(Scenario *scenario, const char *model, const char *id)
{
        _cleanup_(scenario_rows_freep) ScenarioRows *rows = fold_rows(scenario, model);
        _cleanup_(buffer_deinit) Buffer found = BUFFER_INIT;

        ck_assert_msg(!scenario_rows_json(rows, id, NULL, &found), "%s has a row \"%s\": %s", model,
                      id, buffer_text(&found));
}

void then_row_count(Scenario *scenario, const char *model, size_t n)
{
        _cleanup_(scenario_rows_freep) ScenarioRows *rows = fold_rows(scenario, model);
        _cleanup_(buffer_deinit) Buffer ids = BUFFER_INIT;

        scenario_rows_ids(rows, &ids);
        ck_assert_msg(scenario_rows_count(rows) == n, "%s has %zu rows, not %zu: %s", model,
                      scenario_rows_count(rows), n, buffer_text(&ids));
}
