#include "project_snapshot.h"

#include <string.h>

#include "common/base/base64url.h"
#include "common/base/json_array.h"
#include "common/base/json_writer.h"
#include "common/domain/state.h"

static const char *const status_names[] = {
        [PROJECT_MISSING] = "MISSING",
        [PROJECT_ACTIVE] = "ACTIVE",
        [PROJECT_ARCHIVED] = "ARCHIVED",
        [PROJECT_DELETED] = "DELETED",
};

static void encode_service(const ProjectService *service, Buffer *ret)
{
        _cleanup_(buffer_deinit) Buffer digest = BUFFER_INIT;

        base64url_encode(&digest, service->configuration, sizeof service->configuration);
        json_write_object(ret, NULL);
        json_write_string(ret, "id", service->id);
        json_write_string(ret, "name", service->name);
        json_write_string(ret, "configuration", buffer_text(&digest));
        json_write_object_end(ret);
}

static void encode(const void *state, Buffer *ret)
{
        const ProjectState *project = state;

        json_write_object(ret, NULL);
        json_write_string(ret, "status", status_names[project->status]);
        json_write_string(ret, "name", project->name);
        json_write_string(ret, "description", project->description);
        json_write_string(ret, "owner", project->owner);
        json_write_array(ret, "services");
        for (size_t i = 0; i < project->n_services; i++)
                encode_service(&project->services[i], ret);
        json_write_array_end(ret);
        json_write_object_end(ret);
}

static ErrorCode unreadable(Error *err, const char *field)
{
        return error_set_field(err, ERROR_MALFORMED, field, "%s is not what a project's state has",
                               field);
}

static bool decode_status(JsonFields *data, ProjectStatus *ret)
{
        const char *name = json_fields_string(data, "status");

        for (size_t i = 0; name && i < ARRAY_SIZE(status_names); i++) {
                if (strcmp(status_names[i], name) == 0) {
                        *ret = (ProjectStatus)i;
                        return true;
                }
        }
        return false;
}

/* A string, or null when that is @optional. */
static bool decode_text(JsonFields *data, const char *field, bool optional, char **ret)
{
        const char *text = json_fields_string(data, field);

        if (!text && !(optional && json_span_kind(json_fields_get(data, field)) == JSON_KIND_NULL))
                return false;
        state_text_set(ret, text);
        return true;
}

static bool decode_digest(JsonFields *data, uint8_t ret[HASH_SHA256_SIZE])
{
        const char *text = json_fields_string(data, "configuration");
        _cleanup_(buffer_deinit) Buffer digest = BUFFER_INIT;

        if (!text || !base64url_decode(&digest, text, strlen(text)) ||
            digest.size != HASH_SHA256_SIZE)
                return false;
        memcpy(ret, buffer_text(&digest), HASH_SHA256_SIZE);
        return true;
}

/* @service is in the state already: what it has when this fails is freed with it. */
static bool decode_service(ProjectService *service, JsonSpan item)
{
        _cleanup_(json_fields_deinit) JsonFields data = JSON_FIELDS_INIT;

        return json_fields_parse(&data, item.text, item.size, NULL) == ERROR_NONE &&
               decode_text(&data, "id", false, &service->id) &&
               decode_text(&data, "name", false, &service->name) &&
               decode_digest(&data, service->configuration);
}

static bool decode_services(ProjectState *project, JsonSpan list)
{
        JsonSpan item;

        if (json_span_kind(list) != JSON_KIND_ARRAY)
                return false;
        while (json_array_next(&list, &item)) {
                project->services = state_list_grow(project->services, project->n_services,
                                                    sizeof *project->services);
                if (!decode_service(&project->services[project->n_services++], item))
                        return false;
        }
        return true;
}

static ErrorCode decode(void *state, JsonFields *data, Error *err)
{
        ProjectState *project = state;

        if (!decode_status(data, &project->status))
                return unreadable(err, "status");
        /* The rules compare the name of whatever was created. */
        if (!decode_text(data, "name", project->status == PROJECT_MISSING, &project->name))
                return unreadable(err, "name");
        if (!decode_text(data, "description", true, &project->description))
                return unreadable(err, "description");
        if (!decode_text(data, "owner", true, &project->owner))
                return unreadable(err, "owner");
        if (!decode_services(project, json_fields_get(data, "services")))
                return unreadable(err, "services");
        return ERROR_NONE;
}

const SnapshotOps project_snapshot = { 1, encode, decode };
