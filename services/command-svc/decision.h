#pragma once

/*
 * decision.h — one command decided on one aggregate: access, expected version, the domain's rule,
 * and the events that follow, applied to the state. Pure but for event ids.
 */

#include "command_request.h"

/* Memory that is reused from one decision to the next; the list has the limits on what one makes. */
typedef struct DecisionScratch {
        EventList events;
        Buffer metadata;
} DecisionScratch;

void decision_scratch_deinit(DecisionScratch *scratch);

/**
 * decide_command() - fill request->outcome
 * @aggregate:  its current state; a stored outcome's events are applied to it
 *
 * Return: true when the outcome is to be appended; false when it is final as it is: access was denied,
 *         or the domain broke the engine's rules (then the aggregate must be dropped).
 */
bool decide_command(CommandRequest *request, Aggregate *aggregate, DecisionScratch *scratch);
