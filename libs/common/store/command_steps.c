#include "common/store/command_steps.h"

#include <string.h>

#include "common/base/clock.h"

#define PASSING (RETRY_ON(ERROR_UNAVAILABLE) | RETRY_ON(ERROR_CONFLICT))

const CommandStepType command_steps[COMMAND_STEP_COUNT] = {
        [STEP_RECEIVED] = {
                .name = "received",
                .next = STEP_VALIDATED,
                .refused = COMMAND_FAILED,
        },
        [STEP_VALIDATED] = { /* payload, headers: the same input is refused again */
                .name = "validated",
                .next = STEP_DECIDED,
                .refused = COMMAND_FAILED,
        },
        [STEP_DECIDED] = { /* on a state that others may have changed meanwhile */
                .name = "decided",
                .next = STEP_STORED,
                .refused = COMMAND_REFUSED,
                .retry = { .codes = RETRY_ON(ERROR_CONFLICT), .tries_max = 100 },
        },
        [STEP_STORED] = { /* until command_timeout_ms: the command id keeps it from being stored twice */
                .name = "stored",
                .next = STEP_PUBLISHED,
                .refused = COMMAND_FAILED,
                .retry = { .codes = PASSING, .first_us = 10 * US_PER_MS, .max_us = 200 * US_PER_MS },
        },
        [STEP_PUBLISHED] = { /* for ever */
                .name = "published",
                .next = STEP_PROJECTED,
                .refused = COMMAND_STORED,
                .needs_events = true,
                .retry = { .codes = ~0U, .first_us = 50 * US_PER_MS, .max_us = 2 * US_PER_SEC },
        },
        [STEP_PROJECTED] = { /* by projector-svc, whose configuration has the pauses and when it parks */
                .name = "projected",
                .next = COMMAND_STEP_END,
                .refused = COMMAND_STORED,
                .needs_events = true,
                .per_view = true,
                .retry = { .codes = ~0U },
        },
};

bool command_step_retries(CommandStep step, ErrorCode code, unsigned tries)
{
        const RetryRule *rule = &command_steps[step].retry;

        return (rule->codes & RETRY_ON(code)) && (!rule->tries_max || tries < rule->tries_max);
}

Backoff command_step_backoff(CommandStep step)
{
        const RetryRule *rule = &command_steps[step].retry;

        return BACKOFF_INIT(rule->first_us, rule->max_us);
}

const char *command_state_name(CommandState state)
{
        static const char *const names[COMMAND_STATE_COUNT] = {
                [COMMAND_RUNNING] = "running",
                [COMMAND_STORED] = "stored",
                [COMMAND_REFUSED] = "refused",
                [COMMAND_FAILED] = "failed",
        };

        return names[state];
}

CommandStep command_step_find(const char *name)
{
        for (int step = 0; step < COMMAND_STEP_COUNT; step++)
                if (strcmp(command_steps[step].name, name) == 0)
                        return (CommandStep)step;
        return COMMAND_STEP_END;
}
