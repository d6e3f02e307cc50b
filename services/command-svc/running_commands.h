#pragma once

/*
 * running_commands.h — the commands that handlers of this process wait for, by id, so that their records can be
 * read before anything is stored. Thread: any.
 */

#include "command_request.h"

typedef struct RunningCommands RunningCommands;

RunningCommands *running_commands_new(void);
void running_commands_free(RunningCommands *running); /* must be empty */
DEFINE_CLEANUP(RunningCommands *, running_commands_free)

/* From when it is valid until it is complete; the request stays where it is meanwhile. */
void running_commands_add(RunningCommands *running, CommandRequest *request);
void running_commands_remove(RunningCommands *running, CommandRequest *request);

/* What may be told of one while it runs; texts belong to the copy. */
typedef struct RunningCommand {
        const char *command_type; /* static text, as the next */
        const char *aggregate_type;
        char *aggregate_id; /* NULL while it may still change */
        char *actor;
        char *correlation_id;
        int64_t received_us, validated_us, decided_us; /* 0: not yet */
} RunningCommand;

void running_command_deinit(RunningCommand *command);

/**
 * running_commands_find() - a copy of what is known of a running command
 * @actor:  whose; NULL: anybody's
 *
 * Return: false when there is none, or no memory.
 */
bool running_commands_find(RunningCommands *running, const Uuid *id, const char *actor,
                           RunningCommand *ret);
