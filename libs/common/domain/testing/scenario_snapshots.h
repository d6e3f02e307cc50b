#pragma once

/*
 * scenario_snapshots.h — whether a snapshot and the events behind it are as good as all events.
 */

#include "common/domain/domain.h"

/* What the engine asks the domain for one command: may it be sent, and what comes of it. */
_must_check_ ErrorCode scenario_decide(const Aggregate *aggregate, const Command *command,
                                       EventList *ret, Error *err);

/**
 * scenario_check_snapshots() - a snapshot at every k, decoded, and the events behind it folded over it
 * @aggregate:  with all of @events applied
 * @decided:    what scenario_decide() said of @command on it
 * @refusal:    its refusal
 *
 * Fails the libcheck test when the state or the decision is another one. Nothing when the type has no
 * snapshots.
 */
void scenario_check_snapshots(const Aggregate *aggregate, const Event *events,
                              const Command *command, const EventList *decided,
                              const Error *refusal);
