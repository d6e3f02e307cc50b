#include "scenario_snapshots.h"

#include <check.h>
#include <string.h>

ErrorCode scenario_decide(const Aggregate *aggregate, const Command *command, EventList *ret,
                          Error *err)
{
        ErrorCode code = command_allowed(aggregate->type, aggregate->state, command, err);

        if (!code)
                code = command->type->decide(aggregate->state, command, ret, err);
        return code ? code : event_list_check(ret, err);
}

static void apply(Aggregate *aggregate, const Event *events, int64_t up_to)
{
        while (aggregate->version < up_to)
                ck_assert_int_eq(aggregate_apply(aggregate, &events[aggregate->version], NULL),
                                 ERROR_NONE);
}

/* The state after the first @k events goes through text. */
static Aggregate *through_text(const AggregateType *type, const Event *events, int64_t k)
{
        _cleanup_(aggregate_freep) Aggregate *folded = aggregate_new(type);
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        Aggregate *decoded = NULL;
        Error err = ERROR_INIT;

        apply(folded, events, k);
        aggregate_encode(folded, &text);
        ck_assert_msg(json_text_check(buffer_text(&text), text.size, 64, &err) == ERROR_NONE,
                      "the snapshot is no JSON object: %s: %s", err.message, buffer_text(&text));
        ck_assert_msg(aggregate_decode(&decoded, type, k, (JsonSpan){ text.data, text.size },
                                       &err) == ERROR_NONE,
                      "the snapshot cannot be decoded: %s: %s", err.message, buffer_text(&text));
        return decoded;
}

static void check_same_state(const Aggregate *folded, const Aggregate *restored, int64_t k)
{
        _cleanup_(buffer_deinit) Buffer one = BUFFER_INIT, other = BUFFER_INIT;

        aggregate_encode(folded, &one);
        aggregate_encode(restored, &other);
        ck_assert_msg(strcmp(buffer_text(&one), buffer_text(&other)) == 0,
                      "with a snapshot at version %d the state is %s, not %s", (int)k,
                      buffer_text(&other), buffer_text(&one));
}

static void check_same_decision(const Aggregate *restored, const Command *command,
                                const EventList *decided, const Error *refusal)
{
        _cleanup_(event_list_deinit) EventList events = EVENT_LIST_INIT;
        Error err = ERROR_INIT;

        ck_assert_int_eq(scenario_decide(restored, command, &events, &err), refusal->code);
        ck_assert_str_eq(err.message, refusal->message);
        ck_assert_str_eq(err.field, refusal->field);
        ck_assert_uint_eq(events.n_events, decided->n_events);
        for (size_t i = 0; i < events.n_events; i++)
                ck_assert_str_eq(events.events[i].type, decided->events[i].type);
        ck_assert_str_eq(buffer_text(&events.text), buffer_text(&decided->text));
}

void scenario_check_snapshots(const Aggregate *aggregate, const Event *events,
                              const Command *command, const EventList *decided,
                              const Error *refusal)
{
        if (!aggregate_can_encode(aggregate->type))
                return;
        for (int64_t k = 1; k <= aggregate->version; k++) {
                _cleanup_(aggregate_freep) Aggregate *restored =
                        through_text(aggregate->type, events, k);

                apply(restored, events, aggregate->version);
                check_same_state(aggregate, restored, k);
                check_same_decision(restored, command, decided, refusal);
        }
}
