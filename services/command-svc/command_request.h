#pragma once

/*
 * command_request.h — one command on its way from the handler through a writer and back.
 *
 * The handler makes it on its stack, submits it and waits; the writer fills the outcome. Until
 * command_request_complete() it belongs to the writer, before and after to the handler.
 */

#include <semaphore.h>
#include <stdatomic.h>

#include "common/base/hash.h"
#include "common/domain/domain.h"
#include "stored_events.h"

/* What the client says about the aggregate's version. */
typedef enum ExpectKind {
        EXPECT_ANY = 0,
        EXPECT_VERSION, /* If-Match: "3" */
        EXPECT_EXISTS,  /* If-Match: * */
        EXPECT_MISSING, /* If-None-Match: * */
} ExpectKind;

typedef enum OutcomeKind {
        OUTCOME_STORED,   /* decided and appended now; maybe without events */
        OUTCOME_REFUSED,  /* error says why */
        OUTCOME_REPEATED, /* the key is known: the first answer stands in the store */
} OutcomeKind;

typedef struct CommandOutcome {
        OutcomeKind kind;
        int status;           /* HTTP; of a refusal 4xx or 503 */
        int64_t version;      /* of the aggregate: new, or current when refused */
        bool recorded;        /* it stands in the store: nothing is left to be noted */
        StoredEvents *events; /* one reference; NULL when there are none */
        Error error;          /* of a refusal */
} CommandOutcome;

/* Commands that a client wants in this order: when one of them is left undone (503), those that are not
 * decided yet are, too. Otherwise a later one would be refused, for good, for lack of what an earlier one
 * was to bring. */
typedef struct CommandGroup {
        atomic_bool is_stopped;
} CommandGroup;

typedef struct CommandRequest {
        /* by the handler */
        const AggregateType *aggregate_type;
        const CommandType *type;
        const char *type_name; /* as it was sent, also when there is no such type */
        Uuid id;
        bool identified; /* ->id and ->actor_name are there */
        bool id_given;   /* by Idempotency-Key */
        uint8_t digest[HASH_SHA256_SIZE];
        JsonFields payload;       /* spans of the request's body */
        const char *aggregate_id; /* in the payload, or made_id */
        char made_id[UUID_TEXT_SIZE];
        bool aggregate_is_new; /* its id was made up here: nothing to load */
        char fresh_id[UUID_TEXT_SIZE];
        Actor actor;
        const char *actor_name; /* for metadata; nobody else has this name */
        const char *correlation_id;
        const char *traceparent; /* NULL when there is none */
        ExpectKind expect;
        int64_t expected_version;
        int64_t received_us;
        int64_t validated_us; /* 0: it was not, as below */
        int32_t partition;    /* where a new stream goes */
        CommandGroup *group;  /* NULL for a command of its own */

        /* by the writer */
        _Atomic int64_t decided_us; /* a record may be asked for meanwhile */
        CommandOutcome outcome;
        unsigned conflicts; /* how often it was decided again */
        int64_t give_up_us; /* monotonic; while its aggregate is being read, 0 before */

        struct CommandRequest *next;         /* in the queue */
        struct CommandRequest *next_running; /* running_commands.h */
        /* One wake-up each: a condition under a lock wakes the handler into waiting for the lock. */
        sem_t completed;
        bool is_complete; /* the handler's: it has taken notice */
} CommandRequest;

void command_request_init(CommandRequest *request);
void command_request_deinit(CommandRequest *request);

/* Thread: the writer's. The request may be gone when this returns. */
void command_request_complete(CommandRequest *request);

/* Block until it is complete. Thread: the handler's. */
void command_request_wait(CommandRequest *request);

/* Whether it is complete. Thread: the handler's. */
bool command_request_is_complete(CommandRequest *request);

/* Fill the outcome with a refusal: status from the error's code unless @status is not 0. */
void command_request_refuse(CommandRequest *request, const Error *err, int status);

/* Refuse a command of a group that was stopped; false when it may go on. Thread: the writer's. */
bool command_request_refuse_with_group(CommandRequest *request);

/* Refuse it whatever was decided, and complete it. Thread: the writer's. */
void command_request_give_up(CommandRequest *request, const Error *err);

/* Microseconds from its arrival to @time_us: 0 when clocks disagree, INT32_MAX at most. */
int32_t command_request_offset_us(const CommandRequest *request, int64_t time_us);

/* The log partition that its aggregate goes to when it is new, of @partitions. */
int32_t command_request_choose_partition(const CommandRequest *request, int64_t partitions);

/* Its correlation id, NULL when that is only its own id. */
const char *command_request_own_correlation_id(const CommandRequest *request);

/* The id that was made from the key is an aggregate's: the key was used before, and may have expired since. As a
 * new command it gets another id, in the same partition and so of the same writer; if the key is in force, the
 * append says so. */
void command_request_take_another_id(CommandRequest *request, int64_t partitions);
