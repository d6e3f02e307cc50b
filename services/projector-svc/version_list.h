#pragma once

/*
 * version_list.h — the versions of all views as the registry has them, and who may feed which.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/pg/pg_conn.h"

typedef enum VersionState {
        VERSION_BUILDING, /* catches up beside the live one */
        VERSION_LIVE,     /* what readers see */
        VERSION_RETIRED,  /* replaced; its tables are as they were then */
        VERSION_DROPPED,  /* its tables are gone */
} VersionState;

/* "building", "live" … */
const char *version_state_name(VersionState state);

/* The rebuild that runs for a version. */
typedef struct VersionRebuild {
        int64_t id; /* 0: none runs */
        bool from_topic;
        int64_t rate; /* events per second at most; 0: no limit */
        bool paused;
        bool different; /* it waits: the comparison failed, or somebody has to ask for the switch */
        bool waiting;
        bool switches_by_itself, ignore_differences;
        bool compared; /* at least once */
} VersionRebuild;

typedef struct ViewVersion {
        const char *view;
        int version;
        const char *schema_name; /* "view_project_1" */
        const char *fingerprint;
        VersionState state;
        VersionRebuild rebuild;
} ViewVersion;

typedef struct VersionList {
        ViewVersion *versions; /* by view and version, dropped ones among them */
        size_t n_versions;
        PGresult *owner; /* holds the text */
} VersionList;

#define VERSION_LIST_INIT ((VersionList){ .versions = NULL })

/* @ret is empty, or holds an older list, which is replaced. Errors as pg_exec(). */
_must_check_ ErrorCode version_list_read(VersionList *ret, PGconn *conn, int64_t deadline_us,
                                         Error *err);
void version_list_deinit(VersionList *list);

/* NULL when there is none. */
const ViewVersion *version_list_live(const VersionList *list, const char *view);
const ViewVersion *version_list_building(const VersionList *list, const char *view);
const ViewVersion *version_list_find(const VersionList *list, const char *view, int version);

/* The number of the newest version of @view, 0 when there never was one. */
int version_list_newest(const VersionList *list, const char *view);

/* The same among those that were made from the schema with @fingerprint. */
int version_list_newest_of(const VersionList *list, const char *view, const char *fingerprint);

/* Whether it is being built, and waits for nobody. */
bool version_is_worked_on(const ViewVersion *version);

/**
 * version_list_may_feed() - whether a projector whose own model has @fingerprint may feed @version
 *
 * Its projections know the fields of its own schema and of those before it, not of newer ones: what is made
 * from its own schema or is older than the newest version that is, it may feed.
 */
bool version_list_may_feed(const VersionList *list, const ViewVersion *version,
                           const char *fingerprint);
