#pragma once

/*
 * aggregate.h — the ops tables that a domain folder fills in; all the engine knows of an aggregate.
 *
 * decide, evolve, owner and projections are pure: no clock, no I/O, no globals. They run on any
 * thread, one at a time for one aggregate.
 */

#include "common/base/error.h"
#include "common/domain/command.h"
#include "common/domain/event_list.h"
#include "common/domain/row_changes.h"
#include "common/event/event.h"

typedef enum PayloadKind {
        PAYLOAD_STRING,
        PAYLOAD_ID,     /* string of 1 to 128 characters: letters, digits, "._:-", no blank */
        PAYLOAD_ENUM,   /* one of .values */
        PAYLOAD_NUMBER, /* finite */
        PAYLOAD_INTEGER,
        PAYLOAD_BOOLEAN,
        PAYLOAD_DATETIME, /* RFC 3339 string */
        PAYLOAD_OBJECT,
        PAYLOAD_JSON, /* any JSON value */
} PayloadKind;

typedef struct PayloadField {
        const char *name;
        PayloadKind kind;
        bool required;    /* present and not null; a required string is not blank either */
        size_t max_bytes; /* of the decoded string or the JSON text; 0: PAYLOAD_BYTES_DEFAULT */
        const char *const *values; /* NULL-terminated, for PAYLOAD_ENUM */
} PayloadField;

#define PAYLOAD_BYTES_DEFAULT 1024

/* Who may send a command; rules are alternatives, and no rule means nobody. */
typedef enum AllowKind {
        ALLOW_END = 0,
        ALLOW_OWNER, /* the aggregate's owner; for an aggregate that does not exist, anybody signed in */
        ALLOW_GROUP,     /* members of .group */
        ALLOW_SIGNED_IN, /* any verified user */
        ALLOW_API_KEY,
} AllowKind;

typedef struct AllowRule {
        AllowKind kind;
        const char *group;
} AllowRule;

struct CommandType {
        const char *name;           /* "CreateProject": the URL's last segment */
        const PayloadField *fields; /* end with { NULL }; a field not listed is refused by name */
        const char *id_field;       /* payload field that holds the aggregate id */
        bool creates;               /* id_field may be absent: a UUIDv7 is made up */
        const AllowRule *allow;     /* end with { ALLOW_END } */

        /**
         * decide - the business rule: @command on @state gives events, or a refusal
         *
         * Return: ERROR_NONE with events in @ret (none: nothing to do, the command succeeds);
         *         ERROR_INVALID, ERROR_FORBIDDEN, ERROR_NOT_FOUND or ERROR_CONFLICT with @err filled.
         */
        ErrorCode (*decide)(const void *state, const Command *command, EventList *ret, Error *err);
};

typedef struct EventType {
        const char *name; /* "ProjectCreated" */
        int version;      /* the current schema version, from 1 */

        /* evolve - @state after the event; @data is its eventData, at the current version. */
        void (*evolve)(void *state, const Event *event, JsonFields *data);

        /**
         * upcast - eventData of schema version @version as version @version + 1, appended to @ret
         *
         * NULL while the type has only version 1. Called once per step.
         */
        void (*upcast)(int version, JsonFields *data, Buffer *ret);
} EventType;

typedef struct Projection {
        const char *event_type;
        const char *model; /* of schema.graphql: "Project" */

        /* project - what the event changes in the rows of the model */
        void (*project)(const Event *event, JsonFields *data, RowChanges *changes);
} Projection;

/* How a state is kept as text, so that it need not be folded from all its events. Pure as the rest. */
typedef struct SnapshotOps {
        /* Schema version of the text, from 1. Raise it when the state, its text or an evolve changes: what
         * was kept under another number is not read any more, and folded anew. */
        int state_version;

        /* encode - the state as one JSON object, appended to @ret */
        void (*encode)(const void *state, Buffer *ret);

        /**
         * decode - fill the zeroed @state from what encode wrote
         *
         * The text comes from the store: check it as outside input. What was allocated when it fails is for
         * state_fini to free.
         * Return: ERROR_NONE, or ERROR_MALFORMED with @err filled.
         */
        ErrorCode (*decode)(void *state, JsonFields *data, Error *err);
} SnapshotOps;

typedef struct AggregateType {
        const char *name;                /* "project": topic, stream type; [a-z][a-z0-9_]* */
        size_t state_size;               /* bytes; the engine allocates and zeroes the state */
        void (*state_fini)(void *state); /* frees what evolve allocated; NULL when nothing */

        /* Heap bytes that the state holds beside state_size; NULL when none. For the cache's bound. */
        size_t (*state_bytes)(const void *state);

        /* The owner's user name, NULL when there is none; for ALLOW_OWNER. May be NULL. */
        const char *(*owner)(const void *state);

        const SnapshotOps
                *snapshot; /* NULL: always folded from its events, fine when they are few */

        const CommandType *commands;   /* end with { NULL } */
        const EventType *events;       /* end with { NULL } */
        const Projection *projections; /* end with { NULL }; several rows per event type are fine */
} AggregateType;

/* The registry generated from the domain's folders; ends with NULL. */
extern const AggregateType *const domain_aggregates[];
