/*
 * project.c — the aggregate "project": its commands and who may send them, its events, its views.
 */

#include "project_commands.h"
#include "project_projections.h"
#include "project_snapshot.h"

#define NAME_BYTES_MAX          256
#define DESCRIPTION_BYTES_MAX   4096
#define CONFIGURATION_BYTES_MAX 16384

extern const AggregateType project_aggregate;

static const char *const service_types[] = { "API", "FRONTEND", "WORKER", NULL };

static const AllowRule owner_or_admin[] = {
        { ALLOW_OWNER },
        { ALLOW_GROUP, "Admin" },
        { ALLOW_END },
};

static const PayloadField create_fields[] = {
        { "projectId", PAYLOAD_ID },
        { "name", PAYLOAD_STRING, true, NAME_BYTES_MAX },
        { "description", PAYLOAD_STRING, false, DESCRIPTION_BYTES_MAX },
        { "owner", PAYLOAD_STRING, false, NAME_BYTES_MAX },
        { NULL },
};

static const PayloadField rename_fields[] = {
        { "projectId", PAYLOAD_ID, true },
        { "name", PAYLOAD_STRING, true, NAME_BYTES_MAX },
        { NULL },
};

static const PayloadField describe_fields[] = {
        { "projectId", PAYLOAD_ID, true },
        { "description", PAYLOAD_STRING, false, DESCRIPTION_BYTES_MAX },
        { NULL },
};

static const PayloadField id_fields[] = {
        { "projectId", PAYLOAD_ID, true },
        { NULL },
};

static const PayloadField add_service_fields[] = {
        { "projectId", PAYLOAD_ID, true },
        { "serviceId", PAYLOAD_ID },
        { "serviceName", PAYLOAD_STRING, true, NAME_BYTES_MAX },
        { "serviceType", PAYLOAD_ENUM, true, .values = service_types },
        { "configuration", PAYLOAD_JSON, false, CONFIGURATION_BYTES_MAX },
        { NULL },
};

static const PayloadField configure_service_fields[] = {
        { "projectId", PAYLOAD_ID, true },
        { "serviceId", PAYLOAD_ID, true },
        { "configuration", PAYLOAD_JSON, false, CONFIGURATION_BYTES_MAX },
        { NULL },
};

static const PayloadField remove_service_fields[] = {
        { "projectId", PAYLOAD_ID, true },
        { "serviceId", PAYLOAD_ID, true },
        { NULL },
};

static const CommandType project_commands[] = {
        { "CreateProject", create_fields, "projectId", true, owner_or_admin,
          decide_create_project },
        { "RenameProject", rename_fields, "projectId", false, owner_or_admin,
          decide_rename_project },
        { "DescribeProject", describe_fields, "projectId", false, owner_or_admin,
          decide_describe_project },
        { "ArchiveProject", id_fields, "projectId", false, owner_or_admin, decide_archive_project },
        { "RestoreProject", id_fields, "projectId", false, owner_or_admin, decide_restore_project },
        { "DeleteProject", id_fields, "projectId", false, owner_or_admin, decide_delete_project },
        { "AddService", add_service_fields, "projectId", false, owner_or_admin,
          decide_add_service },
        { "ConfigureService", configure_service_fields, "projectId", false, owner_or_admin,
          decide_configure_service },
        { "RemoveService", remove_service_fields, "projectId", false, owner_or_admin,
          decide_remove_service },
        { NULL },
};

const AggregateType project_aggregate = {
        .name = "project",
        .state_size = sizeof(ProjectState),
        .state_fini = project_state_fini,
        .state_bytes = project_state_bytes,
        .owner = project_state_owner,
        .snapshot = &project_snapshot,
        .commands = project_commands,
        .events = project_events,
        .projections = project_projections,
};
