#include <string.h>

#include "project_commands.h"

/* The configuration as it came, or null. */
static void add_configuration(EventList *events, const Command *command)
{
        if (command_has(command, "configuration"))
                event_copy(events, command, "configuration");
        else
                event_string(events, "configuration", NULL);
}

static ErrorCode check_new_service(const ProjectState *project, const char *id, const char *name,
                                   Error *err)
{
        if (project_service(project, id))
                return error_set_field(err, ERROR_INVALID, "payload.serviceId",
                                       "the project has a service \"%s\" already", id);
        if (project_service_named(project, name))
                return error_set_field(err, ERROR_INVALID, "payload.serviceName",
                                       "the project has a service of this name already: \"%s\"",
                                       project_service_named(project, name)->id);
        if (project->n_services >= PROJECT_SERVICES_MAX)
                return error_set_field(err, ERROR_INVALID, "payload.projectId",
                                       "the project has %d services, and no more are allowed",
                                       PROJECT_SERVICES_MAX);
        return ERROR_NONE;
}

ErrorCode decide_add_service(const void *state, const Command *command, EventList *ret, Error *err)
{
        const ProjectState *project = state;
        const char *id = command_string(command, "serviceId");
        ErrorCode code = project_check_active(project, command, err);

        if (!id)
                id = command->fresh_id;
        if (!code)
                code = check_new_service(project, id, command_string(command, "serviceName"), err);
        if (code)
                return code;
        event_begin(ret, "ServiceAdded", 1);
        event_string(ret, "projectId", command->aggregate_id);
        event_string(ret, "serviceId", id);
        event_copy(ret, command, "serviceName");
        event_copy(ret, command, "serviceType");
        add_configuration(ret, command);
        event_end(ret);
        return ERROR_NONE;
}

/* NULL with @ret_code and @err filled when the project or the service is not there to be changed. */
static const ProjectService *find_service(const ProjectState *project, const Command *command,
                                          ErrorCode *ret_code, Error *err)
{
        const char *id = command_string(command, "serviceId");
        const ProjectService *service;

        *ret_code = project_check_active(project, command, err);
        if (*ret_code)
                return NULL;
        service = project_service(project, id);
        if (!service)
                *ret_code = error_set_field(err, ERROR_NOT_FOUND, "payload.serviceId",
                                            "the project has no service \"%s\"", id);
        return service;
}

ErrorCode decide_configure_service(const void *state, const Command *command, EventList *ret,
                                   Error *err)
{
        const ProjectState *project = state;
        JsonSpan configuration = json_fields_get(command->payload, "configuration");
        uint8_t digest[HASH_SHA256_SIZE];
        ErrorCode code;
        const ProjectService *service = find_service(project, command, &code, err);

        if (!service)
                return code;
        if (!configuration.text)
                return error_set_field(err, ERROR_INVALID, "payload.configuration",
                                       "payload.configuration is missing; null removes it");
        project_configuration_digest(configuration, digest);
        if (memcmp(digest, service->configuration, sizeof digest) == 0)
                return ERROR_NONE;
        event_begin(ret, "ServiceConfigured", 1);
        event_string(ret, "projectId", command->aggregate_id);
        event_string(ret, "serviceId", service->id);
        add_configuration(ret, command);
        event_end(ret);
        return ERROR_NONE;
}

ErrorCode decide_remove_service(const void *state, const Command *command, EventList *ret,
                                Error *err)
{
        const ProjectState *project = state;
        ErrorCode code;
        const ProjectService *service = find_service(project, command, &code, err);

        if (!service)
                return code;
        event_begin(ret, "ServiceRemoved", 1);
        event_string(ret, "projectId", command->aggregate_id);
        event_string(ret, "serviceId", service->id);
        event_end(ret);
        return ERROR_NONE;
}
