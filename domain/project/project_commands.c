#include "project_commands.h"

#include <string.h>

/* An event that says no more than which project it is about. */
static void add_plain_event(EventList *events, const char *type, const Command *command)
{
        event_begin(events, type, 1);
        event_string(events, "projectId", command->aggregate_id);
        event_end(events);
}

/* Whoever creates a project owns it; only an Admin may give it to somebody else. */
static ErrorCode choose_owner(const Command *command, const char **ret, Error *err)
{
        const char *owner = command_string(command, "owner");

        if (!owner) {
                *ret = command->actor->user;
                return ERROR_NONE;
        }
        if (strspn(owner, " \t\r\n") == strlen(owner))
                return error_set_field(err, ERROR_INVALID, "payload.owner",
                                       "payload.owner must not be blank; leave it out to own the "
                                       "project yourself");
        if (strcmp(owner, command->actor->user) != 0 && !actor_in_group(command->actor, "Admin"))
                return error_set_field(err, ERROR_FORBIDDEN, "payload.owner",
                                       "only group Admin may create a project for somebody else");
        *ret = owner;
        return ERROR_NONE;
}

ErrorCode decide_create_project(const void *state, const Command *command, EventList *ret,
                                Error *err)
{
        const ProjectState *project = state;
        const char *owner = NULL;
        ErrorCode code;

        if (project->status != PROJECT_MISSING)
                return error_set_field(err, ERROR_CONFLICT, "payload.projectId",
                                       "project \"%s\" exists already%s", command->aggregate_id,
                                       project->status == PROJECT_DELETED ? ", as deleted" : "");
        code = choose_owner(command, &owner, err);
        if (code)
                return code;
        event_begin(ret, "ProjectCreated", 1);
        event_string(ret, "projectId", command->aggregate_id);
        event_copy(ret, command, "name");
        event_string(ret, "description", command_string(command, "description"));
        event_string(ret, "owner", owner);
        event_end(ret);
        return ERROR_NONE;
}

ErrorCode decide_rename_project(const void *state, const Command *command, EventList *ret,
                                Error *err)
{
        const ProjectState *project = state;
        ErrorCode code = project_check_active(project, command, err);

        if (code || strcmp(project->name, command_string(command, "name")) == 0)
                return code;
        event_begin(ret, "ProjectRenamed", 1);
        event_string(ret, "projectId", command->aggregate_id);
        event_copy(ret, command, "name");
        event_end(ret);
        return ERROR_NONE;
}

static bool same_text(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

ErrorCode decide_describe_project(const void *state, const Command *command, EventList *ret,
                                  Error *err)
{
        const ProjectState *project = state;
        const char *description = command_string(command, "description");
        ErrorCode code = project_check_active(project, command, err);

        if (code)
                return code;
        if (!json_fields_get(command->payload, "description").text)
                return error_set_field(err, ERROR_INVALID, "payload.description",
                                       "payload.description is missing; null removes it");
        if (same_text(project->description, description))
                return ERROR_NONE;
        event_begin(ret, "ProjectDescribed", 1);
        event_string(ret, "projectId", command->aggregate_id);
        event_string(ret, "description", description);
        event_end(ret);
        return ERROR_NONE;
}

ErrorCode decide_archive_project(const void *state, const Command *command, EventList *ret,
                                 Error *err)
{
        const ProjectState *project = state;
        ErrorCode code = project_check_exists(project, command, err);

        if (!code && project->status != PROJECT_ARCHIVED)
                add_plain_event(ret, "ProjectArchived", command);
        return code;
}

ErrorCode decide_restore_project(const void *state, const Command *command, EventList *ret,
                                 Error *err)
{
        const ProjectState *project = state;
        ErrorCode code = project_check_exists(project, command, err);

        if (code)
                return code;
        if (project->status != PROJECT_ARCHIVED)
                return error_set_field(err, ERROR_INVALID, "payload.projectId",
                                       "project \"%s\" is not archived: there is nothing to "
                                       "restore",
                                       command->aggregate_id);
        add_plain_event(ret, "ProjectRestored", command);
        return ERROR_NONE;
}

_Static_assert(PROJECT_SERVICES_MAX + 1 <= EVENT_LIST_MAX, "a full project could not be deleted");

ErrorCode decide_delete_project(const void *state, const Command *command, EventList *ret,
                                Error *err)
{
        const ProjectState *project = state;
        ErrorCode code;

        if (project->status == PROJECT_DELETED)
                return ERROR_NONE;
        code = project_check_exists(project, command, err);
        if (code)
                return code;
        for (size_t i = 0; i < project->n_services; i++) {
                event_begin(ret, "ServiceRemoved", 1);
                event_string(ret, "projectId", command->aggregate_id);
                event_string(ret, "serviceId", project->services[i].id);
                event_end(ret);
        }
        add_plain_event(ret, "ProjectDeleted", command);
        return ERROR_NONE;
}
