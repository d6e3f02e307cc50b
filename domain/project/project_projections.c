#include "project_projections.h"

/* Every event of a project, those of its services too, moves updatedAt. */
static void touch(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_set(changes, event->aggregate_id);
        row_time(changes, "updatedAt", event->timestamp_us);
}

static void created(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_put(changes, event->aggregate_id);
        row_copy(changes, "name", data, "name");
        row_copy(changes, "description", data, "description");
        row_string(changes, "status", "ACTIVE");
        row_time(changes, "createdAt", event->timestamp_us);
        row_time(changes, "updatedAt", event->timestamp_us);
        row_copy(changes, "owner", data, "owner");
}

static void renamed(const Event *event, JsonFields *data, RowChanges *changes)
{
        touch(event, data, changes);
        row_copy(changes, "name", data, "name");
}

static void described(const Event *event, JsonFields *data, RowChanges *changes)
{
        touch(event, data, changes);
        row_copy(changes, "description", data, "description");
}

static void archived(const Event *event, JsonFields *data, RowChanges *changes)
{
        touch(event, data, changes);
        row_string(changes, "status", "ARCHIVED");
}

static void restored(const Event *event, JsonFields *data, RowChanges *changes)
{
        touch(event, data, changes);
        row_string(changes, "status", "ACTIVE");
}

static void deleted(const Event *event, JsonFields *data, RowChanges *changes)
{
        touch(event, data, changes);
        row_string(changes, "status", "DELETED");
}

static void service_added(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_put(changes, json_fields_string(data, "serviceId"));
        row_string(changes, "projectId", event->aggregate_id);
        row_copy(changes, "name", data, "serviceName");
        row_copy(changes, "type", data, "serviceType");
        row_json(changes, "configuration", data, "configuration");
}

static void service_configured(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_set(changes, json_fields_string(data, "serviceId"));
        row_json(changes, "configuration", data, "configuration");
}

static void service_removed(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_delete(changes, json_fields_string(data, "serviceId"));
}

const Projection project_projections[] = {
        { "ProjectCreated", "Project", created },
        { "ProjectRenamed", "Project", renamed },
        { "ProjectDescribed", "Project", described },
        { "ProjectArchived", "Project", archived },
        { "ProjectRestored", "Project", restored },
        { "ProjectDeleted", "Project", deleted },
        { "ServiceAdded", "Project", touch },
        { "ServiceConfigured", "Project", touch },
        { "ServiceRemoved", "Project", touch },
        { "ServiceAdded", "Service", service_added },
        { "ServiceConfigured", "Service", service_configured },
        { "ServiceRemoved", "Service", service_removed },
        { NULL },
};
