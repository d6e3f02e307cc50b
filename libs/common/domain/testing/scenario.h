#pragma once

/*
 * scenario.h — given, when, then: a domain tested as the engine runs it, with neither PostgreSQL nor
 * Kafka. Failed expectations fail the libcheck test that is running, and tell what was expected, what was
 * found, and where it differs.
 *
 * In all JSON text here an apostrophe stands for a quotation mark: "{'name':'Apollo'}".
 *
 *     _cleanup_(scenario_freep) Scenario *s = scenario_new("account", "a1");
 *
 *     given(s, "AccountOpened", "{'accountId':'a1','holder':'ann'}");
 *     when(s, "CloseAccount", "{'accountId':'a1'}", &ann);
 *     then_event(s, "AccountClosed", "{'accountId':'a1'}");
 *     then_nothing_more(s);
 *     then_row(s, "Account", "a1", "{'holder':'ann','open':false}");
 *
 * Each when() also decides on the state that a snapshot after 1, 2, 3 … of the events and the rest of them
 * give: it must be the same state, and the same decision. So snapshots are tested by every scenario.
 */

#include "common/domain/domain.h"

/* The first event is stored at 2026-01-01T00:00:01Z, each next one a second later; commands arrive
 * half a second before the event that they would make. */
#define SCENARIO_START_US INT64_C(1767225600000000)

/* fresh_id of the first command that is sent; the last digits count up from there. */
#define SCENARIO_FRESH_ID "01900000-0000-7000-8000-000000000001"

/* Who sends: static const Actor ann = ACTOR_USER("ann"); */
#define ACTOR_USER(name)       \
        {                      \
                .user = (name) \
        }
#define ACTOR_IN_GROUP(name, group)                                                       \
        {                                                                                 \
                .user = (name), .groups = (const char *const[]){ (group) }, .n_groups = 1 \
        }
#define ACTOR_API_KEY                       \
        {                                   \
                .user = "", .api_key = true \
        }

typedef struct Scenario Scenario;

/* One aggregate, nothing happened yet. Texts are borrowed: use literals. */
Scenario *scenario_new(const char *aggregate_type, const char *aggregate_id);
void scenario_free(Scenario *scenario);
DEFINE_CLEANUP(Scenario *, scenario_free)

/* An event that happened, at its current schema version, or as @version wrote it. */
void given(Scenario *scenario, const char *event_type, const char *data);
void given_version(Scenario *scenario, const char *event_type, int version, const char *data);

/* Send a command; its events happen when it is not refused, so that scenarios can go on. */
void when(Scenario *scenario, const char *command_type, const char *payload, const Actor *actor);

/* The next event that the last command made: exactly this type and eventData. */
void then_event(Scenario *scenario, const char *event_type, const char *data);

/* The last command succeeded and made no event but those that then_event() took. */
void then_nothing_more(Scenario *scenario);

/* The last command was refused; @field is the input to blame, "" when none is. */
void then_refused(Scenario *scenario, ErrorCode code, const char *field);

/* Why the last command was refused, "" when it was not. */
const char *scenario_message(const Scenario *scenario);

/* The version of the aggregate: how many events happened. */
int64_t scenario_version(const Scenario *scenario);

/**
 * then_row() - the row of @model that all events of the scenario leave under @id
 * @row:  every field with its value, in any order; a text value is given as a string, numbers, booleans
 *        and nested JSON as they are; a field that is left out is null
 *
 * A shared row is what the scenario's events add.
 */
void then_row(Scenario *scenario, const char *model, const char *id, const char *row);
void then_no_row(Scenario *scenario, const char *model, const char *id);
void then_row_count(Scenario *scenario, const char *model, size_t n);
