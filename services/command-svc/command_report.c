#include "command_report.h"

#include "common/base/json_writer.h"

typedef enum StepState {
        STEP_PENDING,
        STEP_DONE,
        STEP_REFUSED,
        STEP_FAILED,
        STEP_PARKED,
        STEP_SKIPPED, /* nothing to do, or the command did not get there */
        STEP_STATE_COUNT,
} StepState;

static const char *const state_names[STEP_STATE_COUNT] = {
        [STEP_PENDING] = "pending", [STEP_DONE] = "done",     [STEP_REFUSED] = "refused",
        [STEP_FAILED] = "failed",   [STEP_PARKED] = "parked", [STEP_SKIPPED] = "skipped",
};

/* What the steps written so far come to. */
typedef struct Trail {
        Buffer *buffer;
        int64_t last_us; /* of the last one whose time is known; 0: none yet */
        bool pending;
} Trail;

static StepState state_of(const CommandFacts *facts, CommandStep step, const Reached *reached)
{
        if (step == facts->stopped_at)
                return facts->state == COMMAND_REFUSED ? STEP_REFUSED : STEP_FAILED;
        if (reached->yes)
                return STEP_DONE;
        if (reached->parked)
                return STEP_PARKED;
        if (facts->state == COMMAND_FAILED || reached->dropped ||
            (command_steps[step].needs_events && facts->event_count == 0) ||
            (command_steps[step].per_view && facts->n_views == 0))
                return STEP_SKIPPED;
        return STEP_PENDING;
}

static void write_step(Trail *trail, const CommandFacts *facts, CommandStep step, const char *view,
                       const Reached *reached)
{
        StepState state = state_of(facts, step, reached);
        int64_t at_us = reached->at_us;

        if (at_us && at_us < trail->last_us)
                at_us = trail->last_us;
        json_write_object(trail->buffer, NULL);
        json_write_string(trail->buffer, "name", command_steps[step].name);
        if (view)
                json_write_string(trail->buffer, "view", view);
        json_write_string(trail->buffer, "state", state_names[state]);
        if (at_us) {
                json_write_time(trail->buffer, "at", at_us);
                json_write_int(trail->buffer, "durationUs",
                               trail->last_us ? at_us - trail->last_us : 0);
        } else {
                json_write_null(trail->buffer, "at");
                json_write_null(trail->buffer, "durationUs");
        }
        json_write_object_end(trail->buffer);
        trail->pending = trail->pending || state == STEP_PENDING || state == STEP_PARKED;
        if (at_us && !command_steps[step].per_view) /* views do not wait for each other */
                trail->last_us = at_us;
}

static void write_steps(Trail *trail, const CommandFacts *facts)
{
        static const Reached not_reached = { .yes = false };

        json_write_array(trail->buffer, "steps");
        for (CommandStep step = STEP_RECEIVED; step != COMMAND_STEP_END;
             step = command_steps[step].next) {
                bool per_view = command_steps[step].per_view && facts->n_views;

                if (!per_view)
                        write_step(trail, facts, step, NULL, &facts->steps[step]);
                for (size_t i = 0; per_view && i < facts->n_views; i++)
                        write_step(trail, facts, step, facts->views[i],
                                   facts->view_steps ? &facts->view_steps[i] : &not_reached);
        }
        json_write_array_end(trail->buffer);
}

/* A number that may not be known. */
static void write_fact(Buffer *buffer, const char *key, int64_t value)
{
        if (value == FACT_UNKNOWN)
                json_write_null(buffer, key);
        else
                json_write_int(buffer, key, value);
}

void command_report_write(Buffer *buffer, const CommandFacts *facts)
{
        Trail trail = { .buffer = buffer };
        char id[UUID_TEXT_SIZE];

        uuid_format(&facts->id, id);
        json_write_object(buffer, NULL);
        json_write_string(buffer, "commandId", id);
        json_write_string(buffer, "commandType", facts->command_type);
        json_write_string(buffer, "aggregateType", facts->aggregate_type);
        json_write_string(buffer, "aggregateId", facts->aggregate_id);
        json_write_string(buffer, "status", command_state_name(facts->state));
        write_fact(buffer, "httpStatus", facts->status ? facts->status : FACT_UNKNOWN);
        write_fact(buffer, "version", facts->version);
        write_fact(buffer, "eventCount", facts->event_count);
        json_write_string(buffer, "actor", facts->actor);
        json_write_string(buffer, "correlationId", facts->correlation_id);
        json_write_string(buffer, "consistencyToken", facts->token);
        if (facts->problem) {
                _cleanup_(buffer_deinit) Buffer problem = BUFFER_INIT;

                stored_problem_write_answer(&problem, facts->problem, facts->status, &facts->id);
                json_write_raw(buffer, "problem", (JsonSpan){ problem.data, problem.size });
        }
        write_steps(&trail, facts);
        json_write_bool(buffer, "complete", !trail.pending);
        json_write_object_end(buffer);
}
