#pragma once

/*
 * project_state.h — what the rules need to know of a project: folded from its events.
 */

#include "common/base/hash.h"
#include "common/domain/aggregate.h"

typedef enum ProjectStatus {
        PROJECT_MISSING = 0,
        PROJECT_ACTIVE,
        PROJECT_ARCHIVED,
        PROJECT_DELETED,
} ProjectStatus;

typedef struct ProjectService {
        char *id;
        char *name;
        uint8_t configuration[HASH_SHA256_SIZE]; /* digest of its JSON text */
} ProjectService;

typedef struct ProjectState {
        ProjectStatus status;
        char *name;
        char *description; /* NULL when there is none */
        char *owner;
        ProjectService *services;
        size_t n_services;
} ProjectState;

/* NULL when the project has no such service. */
const ProjectService *project_service(const ProjectState *project, const char *service_id);
const ProjectService *project_service_named(const ProjectState *project, const char *name);

/* The digest of a configuration's JSON text; an absent one counts as null. */
void project_configuration_digest(JsonSpan configuration, uint8_t ret_digest[HASH_SHA256_SIZE]);

/* ERROR_NONE when the project may be changed: it exists and is neither archived nor deleted. */
_must_check_ ErrorCode project_check_active(const ProjectState *project, const Command *command,
                                            Error *err);

/* As above, but an archived one will do. */
_must_check_ ErrorCode project_check_exists(const ProjectState *project, const Command *command,
                                            Error *err);

/* Entries of AggregateType. */
void project_state_fini(void *state);
size_t project_state_bytes(const void *state);
const char *project_state_owner(const void *state);
extern const EventType project_events[];
