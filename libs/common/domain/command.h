#pragma once

/*
 * command.h — a request to change one aggregate, checked against its type's payload rules.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/json_fields.h"
#include "common/base/uuid.h"

typedef struct CommandType CommandType;

/* Who asks: from the verified token. Borrowed for the time of a call. */
typedef struct Actor {
        const char *user; /* "" for an API key */
        const char *const *groups;
        size_t n_groups;
        bool api_key;
} Actor;

bool actor_in_group(const Actor *actor, const char *group);

typedef struct Command {
        const CommandType *type;
        Uuid id; /* the idempotency key */
        const char *aggregate_id;
        const char *fresh_id; /* a UUIDv7 in text that nothing else uses; for new things inside */
        JsonFields *payload;  /* validated; strings are decoded on demand */
        const Actor *actor;
        int64_t version; /* of the aggregate that decides; 0: it does not exist yet */
        int64_t received_us;
} Command;

/* The decoded string of payload field @name; NULL when absent or null. */
const char *command_string(const Command *command, const char *name);

/* Whether payload field @name is there and not null. */
bool command_has(const Command *command, const char *name);
