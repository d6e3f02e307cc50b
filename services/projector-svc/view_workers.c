#include "view_workers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "live_scans.sql.h"
#include "view_crew.h"
#include "view_open.h"
#include "view_registry.h"

#define STATEMENT_TIMEOUT_US (30 * US_PER_SEC)

/* A version that workers of ours feed. */
struct KeptVersion {
        ViewCrew *crew;
        char *view;
        int version;
        VersionState state;
        char *beside; /* schema of the live version when it was started; NULL: none, or live itself */
        BuildOrder order;
};

ErrorCode view_workers_init(ViewWorkers *workers, const ProjectorConfig *config,
                            const Schema *schema, Error *err)
{
        *workers = (ViewWorkers){ .config = config,
                                  .schema = schema,
                                  .pace = { .config = config },
                                  .percent = (int)config->rebuild_read_percent,
                                  .lock = PTHREAD_MUTEX_INITIALIZER };
        workers->models = calloc(schema->n_models + 1, sizeof *workers->models);
        if (!workers->models)
                return error_no_memory(err);
        for (size_t i = 0; i < schema->n_models; i++) {
                OwnModel *own = &workers->models[workers->n_models];

                if (!view_registry_is_fed(schema->models[i])) {
                        log_warning("model-unfed", "no projection makes rows of model %s",
                                    schema->models[i]->name);
                        continue;
                }
                own->model = schema->models[i];
                model_fingerprint(schema, own->model, own->fingerprint);
                workers->n_models++;
        }
        return ERROR_NONE;
}

static void kept_free(KeptVersion *kept)
{
        view_crew_free(kept->crew);
        free(kept->view);
        free(kept->beside);
        free(kept);
}

static void *reap(void *data)
{
        kept_free(data);
        return NULL;
}

/* librdkafka may take its time to let a consumer go (it waits for commits under way): others must not wait. */
static void free_aside(ViewWorkers *workers, KeptVersion *kept)
{
        pthread_t *grown =
                realloc(workers->reapers, (workers->n_reapers + 1) * sizeof *workers->reapers);

        if (grown)
                workers->reapers = grown;
        if (grown && pthread_create(&grown[workers->n_reapers], NULL, reap, kept) == 0)
                workers->n_reapers++;
        else
                kept_free(kept);
}

void view_workers_deinit(ViewWorkers *workers)
{
        view_workers_stop(workers);
        for (size_t i = 0; i < workers->n_kept; i++)
                free_aside(workers, workers->kept[i]);
        for (size_t i = 0; i < workers->n_reapers; i++)
                (void)pthread_join(workers->reapers[i], NULL);
        free(workers->reapers);
        free(workers->kept);
        free(workers->models);
        (void)pthread_mutex_destroy(&workers->lock);
}

void view_workers_stop(ViewWorkers *workers)
{
        for (size_t i = 0; i < workers->n_kept; i++)
                view_crew_tell(workers->kept[i]->crew);
        for (size_t i = 0; i < workers->n_kept; i++)
                view_crew_await_workers(workers->kept[i]->crew);
        for (size_t i = 0; i < workers->n_kept; i++)
                view_crew_stop(workers->kept[i]->crew);
}

const OwnModel *view_workers_model(const ViewWorkers *workers, const char *view)
{
        for (size_t i = 0; i < workers->n_models; i++)
                if (strcmp(workers->models[i].model->view, view) == 0)
                        return &workers->models[i];
        return NULL;
}

static const char *schema_beside(const VersionList *list, const ViewVersion *version)
{
        const ViewVersion *live = version_list_live(list, version->view);

        return version->state == VERSION_BUILDING && live ? live->schema_name : NULL;
}

static bool is_wanted(const ViewWorkers *workers, const VersionList *list,
                      const ViewVersion *version)
{
        const OwnModel *own = view_workers_model(workers, version->view);

        if (!own || !version_list_may_feed(list, version, own->fingerprint))
                return false;
        return version->state == VERSION_LIVE ||
               (version->state == VERSION_BUILDING && version->rebuild.id);
}

static bool same_text(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_kept_rightly(const ViewWorkers *workers, const VersionList *list,
                            const KeptVersion *kept)
{
        const ViewVersion *version = version_list_find(list, kept->view, kept->version);

        return version && is_wanted(workers, list, version) && version->state == kept->state &&
               same_text(kept->beside, schema_beside(list, version)) &&
               !view_crew_health(kept->crew).over;
}

static void drop_kept(ViewWorkers *workers, size_t index)
{
        KeptVersion *kept = workers->kept[index];

        view_crew_stop(kept->crew);
        (void)pthread_mutex_lock(&workers->lock);
        workers->kept[index] = workers->kept[--workers->n_kept];
        (void)pthread_mutex_unlock(&workers->lock);
        free_aside(workers, kept);
}

bool view_workers_feed(const ViewWorkers *workers, const ViewVersion *version)
{
        for (size_t i = 0; i < workers->n_kept; i++)
                if (workers->kept[i]->version == version->version &&
                    strcmp(workers->kept[i]->view, version->view) == 0)
                        return true;
        return false;
}

static void set_order(BuildOrder *order, const VersionRebuild *rebuild, int percent)
{
        atomic_store(&order->from_topic, rebuild->from_topic);
        atomic_store(&order->paused, rebuild->paused);
        atomic_store(&order->rate, rebuild->rate);
        atomic_store(&order->percent, percent);
}

static ErrorCode add_kept(ViewWorkers *workers, KeptVersion *kept, Error *err)
{
        KeptVersion **grown;

        (void)pthread_mutex_lock(&workers->lock);
        grown = realloc(workers->kept, (workers->n_kept + 1) * sizeof(KeptVersion *));
        if (grown) {
                workers->kept = grown;
                workers->kept[workers->n_kept++] = kept;
        }
        (void)pthread_mutex_unlock(&workers->lock);
        return grown ? ERROR_NONE : error_no_memory(err);
}

/* A live version has several workers; one that is built makes way anyway. */
static ErrorCode hire(ViewWorkers *workers, PGconn *conn, KeptVersion *kept,
                      const ViewVersion *version, Error *err)
{
        const ProjectorConfig *config = workers->config;
        bool live = version->state == VERSION_LIVE;
        size_t n_workers = live ? (size_t)config->view_workers : 1;
        const Model *model = view_workers_model(workers, version->view)->model;
        ErrorCode code = view_crew_new(&kept->crew, config,
                                       live && config->change_feed ? model : NULL, n_workers, err);

        for (size_t i = 0; !code && i < n_workers; i++) {
                View *view = NULL;

                code = view_open(&view, conn, workers->schema, version,
                                 clock_monotonic_us() + STATEMENT_TIMEOUT_US, err);
                if (!code)
                        code = view_crew_add(kept->crew, view, live ? NULL : &kept->order,
                                             kept->beside, err);
        }
        return code ? code : view_crew_start(kept->crew, err);
}

static ErrorCode keep(ViewWorkers *workers, PGconn *conn, const VersionList *list,
                      const ViewVersion *version, Error *err)
{
        const char *beside = schema_beside(list, version);
        KeptVersion *kept = calloc(1, sizeof *kept);
        ErrorCode code;

        if (!kept)
                return error_no_memory(err);
        kept->version = version->version;
        kept->state = version->state;
        kept->view = strdup(version->view);
        kept->beside = beside ? strdup(beside) : NULL;
        set_order(&kept->order, &version->rebuild, workers->percent);
        code = !kept->view || (beside && !kept->beside) ? error_no_memory(err)
                                                        : hire(workers, conn, kept, version, err);
        if (!code)
                code = add_kept(workers, kept, err);
        if (code)
                kept_free(kept);
        else
                log_info("version-fed", "%s: version %d, %s", version->view, version->version,
                         version_state_name(version->state));
        return code;
}

/* Workers for what the registry says, and no others. */
static ErrorCode follow_registry(ViewWorkers *workers, PGconn *conn, const VersionList *list,
                                 Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (size_t i = workers->n_kept; i-- > 0;)
                if (!is_kept_rightly(workers, list, workers->kept[i]))
                        drop_kept(workers, i);
        for (size_t i = 0; !code && i < list->n_versions; i++) {
                const ViewVersion *version = &list->versions[i];

                if (is_wanted(workers, list, version) && !view_workers_feed(workers, version))
                        code = keep(workers, conn, list, version, err);
        }
        return code;
}

static void note_shut_out(ViewWorkers *workers, const VersionList *list)
{
        for (size_t i = 0; i < workers->n_models; i++) {
                OwnModel *own = &workers->models[i];
                const ViewVersion *live = version_list_live(list, own->model->view);
                bool now = live && !version_list_may_feed(list, live, own->fingerprint);

                if (now && !own->shut_out)
                        log_warning("schema-older",
                                    "%s: version %d was made from a newer schema.graphql than that "
                                    "of this instance, which feeds the view no more",
                                    own->model->view, live->version);
                (void)pthread_mutex_lock(&workers->lock);
                own->shut_out = now;
                (void)pthread_mutex_unlock(&workers->lock);
        }
}

/* Scans of the rows of live views, by anyone. */
static ErrorCode count_scans(PGconn *conn, int64_t *ret, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = pg_exec(conn, sql_live_scans, NULL, &res,
                                 clock_monotonic_us() + STATEMENT_TIMEOUT_US,
                                 "look whether rows are read", err);

        if (!code)
                *ret = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
        return code;
}

static ErrorCode set_pace(ViewWorkers *workers, PGconn *conn, const VersionList *list, Error *err)
{
        BuildLook look = { .now_us = clock_monotonic_us() };
        ErrorCode code;

        for (size_t i = 0; i < workers->n_kept; i++) {
                const KeptVersion *kept = workers->kept[i];
                const ViewVersion *version = version_list_find(list, kept->view, kept->version);
                ViewWorkerHealth health = view_crew_health(kept->crew);

                if (kept->state != VERSION_LIVE) {
                        look.n_builds += version && version_is_worked_on(version);
                        continue;
                }
                look.heads += health.heads;
                look.lag += health.lag;
        }
        if (look.n_builds == 0) {
                build_pace_rest(&workers->pace, &look);
                workers->percent = (int)workers->config->rebuild_read_percent;
                return ERROR_NONE;
        }
        code = count_scans(conn, &look.scans, err);
        if (!code)
                workers->percent = build_pace_percent(&workers->pace, &look);
        return code;
}

static void give_orders(ViewWorkers *workers, const VersionList *list)
{
        for (size_t i = 0; i < workers->n_kept; i++) {
                KeptVersion *kept = workers->kept[i];
                const ViewVersion *version = version_list_find(list, kept->view, kept->version);

                if (version)
                        set_order(&kept->order, &version->rebuild, workers->percent);
        }
}

ErrorCode view_workers_follow(ViewWorkers *workers, PGconn *conn, const VersionList *list,
                              Error *err)
{
        ErrorCode code = follow_registry(workers, conn, list, err);

        note_shut_out(workers, list);
        if (!code)
                code = set_pace(workers, conn, list, err);
        give_orders(workers, list);
        (void)pthread_mutex_lock(&workers->lock);
        workers->looked = true;
        (void)pthread_mutex_unlock(&workers->lock);
        return code;
}

static void look_at(const KeptVersion *kept, ViewWorkersHealth *health)
{
        ViewWorkerHealth crew = view_crew_health(kept->crew);

        if (kept->state != VERSION_LIVE)
                return;
        if (!crew.postgresql && health->postgresql) {
                health->postgresql = false;
                (void)snprintf(health->postgresql_detail, sizeof health->postgresql_detail,
                               "view %s has no session", kept->view);
        }
        health->kafka = health->kafka && crew.kafka;
        if (crew.parked && health->views)
                (void)snprintf(health->views_detail, sizeof health->views_detail,
                               "degraded: view %s holds back %" PRId64 " parked aggregates",
                               kept->view, crew.parked);
        if (crew.held && health->views) {
                health->views = false;
                (void)snprintf(health->views_detail, sizeof health->views_detail,
                               "view %s: an event cannot be applied, see the log", kept->view);
        }
}

ViewWorkersHealth view_workers_health(ViewWorkers *workers)
{
        ViewWorkersHealth health = { .postgresql = true, .kafka = true, .views = true };

        (void)pthread_mutex_lock(&workers->lock);
        if (!workers->looked) {
                health.postgresql = false;
                (void)snprintf(health.postgresql_detail, sizeof health.postgresql_detail,
                               "the registry of views has not been read yet");
        }
        for (size_t i = 0; i < workers->n_kept; i++)
                look_at(workers->kept[i], &health);
        for (size_t i = 0; i < workers->n_models && health.views; i++) {
                if (!workers->models[i].shut_out)
                        continue;
                health.views = false;
                (void)snprintf(health.views_detail, sizeof health.views_detail,
                               "view %s: the live version was made from a newer schema.graphql",
                               workers->models[i].model->view);
        }
        (void)pthread_mutex_unlock(&workers->lock);
        return health;
}
