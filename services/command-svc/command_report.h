#pragma once

/*
 * command_report.h — the execution record of a command as JSON, told along the table of its steps. Pure.
 */

#include "common/base/buffer.h"
#include "common/store/command_progress.h"
#include "common/store/command_steps.h"
#include "stored_problem.h"

#define FACT_UNKNOWN (-1)

/* All that is known of a command; borrowed. */
typedef struct CommandFacts {
        Uuid id;
        const char *command_type;   /* as it was sent */
        const char *aggregate_type; /* NULL as far as it is not known, as the next two */
        const char *aggregate_id;
        const char *correlation_id;
        const char *actor;
        CommandState state;
        int status;          /* HTTP; 0 while it runs */
        int64_t version;     /* of the aggregate; FACT_UNKNOWN, as the next */
        int32_t event_count; /* how many it stored */
        const char *token;   /* NULL without events */
        const StoredProblem *problem;

        Reached steps[COMMAND_STEP_COUNT]; /* but STEP_PROJECTED */
        CommandStep stopped_at;            /* refused or failed here; COMMAND_STEP_END */
        const char *const *views;          /* that its events go to */
        const Reached *view_steps;         /* NULL while none was reached */
        size_t n_views;
} CommandFacts;

/* Times never go backwards in it: where two clocks disagree, a step has the time of the one before. */
void command_report_write(Buffer *buffer, const CommandFacts *facts);
