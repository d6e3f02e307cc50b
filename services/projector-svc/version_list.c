#include "version_list.h"

#include <stdlib.h>
#include <string.h>

#include "versions.sql.h"

static const char *const state_names[] = {
        [VERSION_BUILDING] = "building",
        [VERSION_LIVE] = "live",
        [VERSION_RETIRED] = "retired",
        [VERSION_DROPPED] = "dropped",
};

const char *version_state_name(VersionState state)
{
        return state_names[state];
}

static VersionState read_state(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(state_names); i++)
                if (strcmp(state_names[i], name) == 0)
                        return (VersionState)i;
        return VERSION_DROPPED;
}

static bool is_true(const PGresult *res, int row, int column)
{
        return PQgetvalue(res, row, column)[0] == 't';
}

static VersionRebuild read_rebuild(const PGresult *res, int row)
{
        const char *phase = PQgetvalue(res, row, 9);

        if (PQgetisnull(res, row, 5))
                return (VersionRebuild){ .id = 0 };
        return (VersionRebuild){
                .id = strtoll(PQgetvalue(res, row, 5), NULL, 10),
                .from_topic = strcmp(PQgetvalue(res, row, 6), "topic") == 0,
                .rate = strtoll(PQgetvalue(res, row, 7), NULL, 10),
                .paused = is_true(res, row, 8),
                .different = strcmp(phase, "different") == 0,
                .waiting = strcmp(phase, "waiting") == 0,
                .switches_by_itself = is_true(res, row, 10),
                .ignore_differences = is_true(res, row, 11),
                .compared = is_true(res, row, 12),
        };
}

ErrorCode version_list_read(VersionList *ret, PGconn *conn, int64_t deadline_us, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ViewVersion *versions;
        ErrorCode code;

        code = pg_exec(conn, sql_versions, NULL, &res, deadline_us, "read the versions of views",
                       err);
        if (code)
                return code;
        versions = calloc((size_t)PQntuples(res) + 1, sizeof *versions);
        if (!versions)
                return error_no_memory(err);
        for (int i = 0; i < PQntuples(res); i++)
                versions[i] = (ViewVersion){
                        .view = PQgetvalue(res, i, 0),
                        .version = (int)strtol(PQgetvalue(res, i, 1), NULL, 10),
                        .schema_name = PQgetvalue(res, i, 2),
                        .fingerprint = PQgetvalue(res, i, 3),
                        .state = read_state(PQgetvalue(res, i, 4)),
                        .rebuild = read_rebuild(res, i),
                };
        version_list_deinit(ret);
        ret->versions = versions;
        ret->n_versions = (size_t)PQntuples(res);
        ret->owner = TAKE_PTR(res);
        return ERROR_NONE;
}

void version_list_deinit(VersionList *list)
{
        free(list->versions);
        PQclear(list->owner);
        *list = VERSION_LIST_INIT;
}

static const ViewVersion *find_state(const VersionList *list, const char *view, VersionState state)
{
        for (size_t i = 0; i < list->n_versions; i++)
                if (list->versions[i].state == state && strcmp(list->versions[i].view, view) == 0)
                        return &list->versions[i];
        return NULL;
}

const ViewVersion *version_list_live(const VersionList *list, const char *view)
{
        return find_state(list, view, VERSION_LIVE);
}

const ViewVersion *version_list_building(const VersionList *list, const char *view)
{
        return find_state(list, view, VERSION_BUILDING);
}

const ViewVersion *version_list_find(const VersionList *list, const char *view, int version)
{
        for (size_t i = 0; i < list->n_versions; i++)
                if (list->versions[i].version == version &&
                    strcmp(list->versions[i].view, view) == 0)
                        return &list->versions[i];
        return NULL;
}

int version_list_newest_of(const VersionList *list, const char *view, const char *fingerprint)
{
        int newest = 0;

        for (size_t i = 0; i < list->n_versions; i++) {
                const ViewVersion *version = &list->versions[i];

                if (strcmp(version->view, view) == 0 && version->version > newest &&
                    (!fingerprint || strcmp(version->fingerprint, fingerprint) == 0))
                        newest = version->version;
        }
        return newest;
}

int version_list_newest(const VersionList *list, const char *view)
{
        return version_list_newest_of(list, view, NULL);
}

bool version_is_worked_on(const ViewVersion *version)
{
        const VersionRebuild *rebuild = &version->rebuild;

        return version->state == VERSION_BUILDING && !rebuild->paused && !rebuild->different &&
               !rebuild->waiting;
}

bool version_list_may_feed(const VersionList *list, const ViewVersion *version,
                           const char *fingerprint)
{
        return strcmp(version->fingerprint, fingerprint) == 0 ||
               version->version < version_list_newest_of(list, version->view, fingerprint);
}
