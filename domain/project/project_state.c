#include "project_state.h"

#include <stdlib.h>
#include <string.h>

#include "common/domain/state.h"

const ProjectService *project_service(const ProjectState *project, const char *service_id)
{
        for (size_t i = 0; i < project->n_services; i++) {
                if (strcmp(project->services[i].id, service_id) == 0)
                        return &project->services[i];
        }
        return NULL;
}

const ProjectService *project_service_named(const ProjectState *project, const char *name)
{
        for (size_t i = 0; i < project->n_services; i++) {
                if (strcmp(project->services[i].name, name) == 0)
                        return &project->services[i];
        }
        return NULL;
}

void project_configuration_digest(JsonSpan configuration, uint8_t ret_digest[HASH_SHA256_SIZE])
{
        if (!configuration.text)
                configuration = (JsonSpan){ "null", strlen("null") };
        hash_sha256(configuration.text, configuration.size, ret_digest);
}

ErrorCode project_check_exists(const ProjectState *project, const Command *command, Error *err)
{
        if (project->status == PROJECT_MISSING)
                return error_set_field(err, ERROR_NOT_FOUND, "payload.projectId",
                                       "there is no project \"%s\"", command->aggregate_id);
        if (project->status == PROJECT_DELETED)
                return error_set_field(err, ERROR_INVALID, "payload.projectId",
                                       "project \"%s\" is deleted, which is final",
                                       command->aggregate_id);
        return ERROR_NONE;
}

ErrorCode project_check_active(const ProjectState *project, const Command *command, Error *err)
{
        ErrorCode code = project_check_exists(project, command, err);

        if (!code && project->status == PROJECT_ARCHIVED)
                code = error_set_field(err, ERROR_INVALID, "payload.projectId",
                                       "project \"%s\" is archived; restore it to change it",
                                       command->aggregate_id);
        return code;
}

static void service_fini(ProjectService *service)
{
        free(service->id);
        free(service->name);
}

static void drop_services(ProjectState *project)
{
        for (size_t i = 0; i < project->n_services; i++)
                service_fini(&project->services[i]);
        free(project->services);
        project->services = NULL;
        project->n_services = 0;
}

void project_state_fini(void *state)
{
        ProjectState *project = state;

        drop_services(project);
        free(project->name);
        free(project->description);
        free(project->owner);
}

size_t project_state_bytes(const void *state)
{
        const ProjectState *project = state;
        size_t bytes = state_text_bytes(project->name) + state_text_bytes(project->description) +
                       state_text_bytes(project->owner);

        for (size_t i = 0; i < project->n_services; i++)
                bytes += sizeof *project->services + state_text_bytes(project->services[i].id) +
                         state_text_bytes(project->services[i].name);
        return bytes;
}

const char *project_state_owner(const void *state)
{
        const ProjectState *project = state;

        return project->owner;
}

/* What the rules compare must be there, also when an event lacks it. */
static void set_text(char **slot, JsonFields *data, const char *field)
{
        const char *text = json_fields_string(data, field);

        state_text_set(slot, text ? text : "");
}

static void evolve_created(void *state, const Event *event, JsonFields *data)
{
        ProjectState *project = state;

        project->status = PROJECT_ACTIVE;
        set_text(&project->name, data, "name");
        state_text_set(&project->description, json_fields_string(data, "description"));
        state_text_set(&project->owner, json_fields_string(data, "owner"));
}

static void evolve_renamed(void *state, const Event *event, JsonFields *data)
{
        ProjectState *project = state;

        set_text(&project->name, data, "name");
}

static void evolve_described(void *state, const Event *event, JsonFields *data)
{
        ProjectState *project = state;

        state_text_set(&project->description, json_fields_string(data, "description"));
}

static void evolve_archived(void *state, const Event *event, JsonFields *data)
{
        ProjectState *project = state;

        project->status = PROJECT_ARCHIVED;
}

static void evolve_restored(void *state, const Event *event, JsonFields *data)
{
        ProjectState *project = state;

        project->status = PROJECT_ACTIVE;
}

static void evolve_deleted(void *state, const Event *event, JsonFields *data)
{
        ProjectState *project = state;

        project->status = PROJECT_DELETED;
        drop_services(project);
}

static void evolve_service_added(void *state, const Event *event, JsonFields *data)
{
        ProjectState *project = state;
        ProjectService *service;

        project->services =
                state_list_grow(project->services, project->n_services, sizeof *project->services);
        service = &project->services[project->n_services++];
        set_text(&service->id, data, "serviceId");
        set_text(&service->name, data, "serviceName");
        project_configuration_digest(json_fields_get(data, "configuration"),
                                     service->configuration);
}

static ProjectService *find_service(ProjectState *project, JsonFields *data)
{
        const char *id = json_fields_string(data, "serviceId");
        const ProjectService *service = id ? project_service(project, id) : NULL;

        return service ? &project->services[service - project->services] : NULL;
}

static void evolve_service_configured(void *state, const Event *event, JsonFields *data)
{
        ProjectState *project = state;
        ProjectService *service = find_service(project, data);

        if (service)
                project_configuration_digest(json_fields_get(data, "configuration"),
                                             service->configuration);
}

static void evolve_service_removed(void *state, const Event *event, JsonFields *data)
{
        ProjectState *project = state;
        ProjectService *service = find_service(project, data);

        if (!service)
                return;
        service_fini(service);
        project->n_services--;
        memmove(service, service + 1,
                (size_t)(project->services + project->n_services - service) * sizeof *service);
}

const EventType project_events[] = {
        { "ProjectCreated", 1, evolve_created },
        { "ProjectRenamed", 1, evolve_renamed },
        { "ProjectDescribed", 1, evolve_described },
        { "ProjectArchived", 1, evolve_archived },
        { "ProjectRestored", 1, evolve_restored },
        { "ProjectDeleted", 1, evolve_deleted },
        { "ServiceAdded", 1, evolve_service_added },
        { "ServiceConfigured", 1, evolve_service_configured },
        { "ServiceRemoved", 1, evolve_service_removed },
        { NULL },
};
