#pragma once

/*
 * command_steps.h — the state machine of a command: its steps in order, what each needs, when it is tried
 * again, and what becomes of a command that does not get past it.
 *
 *      received → validated → decided → stored → published → projected (once per view)
 *
 * command-svc runs the steps up to published, projector-svc the last one; records of commands are written
 * from the same table.
 */

#include <stdint.h>

#include "common/base/backoff.h"
#include "common/base/error.h"

typedef enum CommandStep {
        STEP_RECEIVED,
        STEP_VALIDATED,
        STEP_DECIDED,
        STEP_STORED,
        STEP_PUBLISHED,
        STEP_PROJECTED,
        COMMAND_STEP_COUNT,
        COMMAND_STEP_END = COMMAND_STEP_COUNT, /* the next one of the last */
} CommandStep;

/* What a command is, seen from outside. */
typedef enum CommandState {
        COMMAND_RUNNING, /* on its way to the store */
        COMMAND_STORED,  /* what follows happens by itself */
        COMMAND_REFUSED, /* a rule said no, and that is stored */
        COMMAND_FAILED,  /* nothing was stored: its key is free */
        COMMAND_STATE_COUNT,
} CommandState;

/* When a step that failed is tried again. */
typedef struct RetryRule {
        unsigned codes;     /* the faults that pass: RETRY_ON() of each; 0: never */
        unsigned tries_max; /* 0: the caller's deadline ends it, or nothing */
        int64_t first_us;   /* pause before the second try … */
        int64_t max_us;     /* … and at most; both 0: at once */
} RetryRule;

#define RETRY_ON(code) (1U << (code))

typedef struct CommandStepType {
        const char *name;
        CommandStep next;
        CommandState refused; /* what a command is that this step refuses or gives up */
        bool needs_events;    /* left out when the command changed nothing */
        bool per_view;
        RetryRule retry;
} CommandStepType;

extern const CommandStepType command_steps[COMMAND_STEP_COUNT];

/* Whether @step, failed with @code for the @tries-th time, is tried again. */
bool command_step_retries(CommandStep step, ErrorCode code, unsigned tries);

/* The pauses between its tries. */
Backoff command_step_backoff(CommandStep step);

/* "running", "stored", "refused", "failed" */
const char *command_state_name(CommandState state);

/* The step with this name, or COMMAND_STEP_END. */
CommandStep command_step_find(const char *name);
