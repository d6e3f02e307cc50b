#include "view_keeper.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/daemon/daemon.h"
#include "common/daemon/log.h"
#include "common/pg/pg_params.h"
#include "rebuild_finish.h"
#include "rebuild_measure.sql.h"
#include "rebuild_progress.h"
#include "view_registry.h"
#include "view_workers.h"

#define STATEMENT_TIMEOUT_US (30 * US_PER_SEC)
#define CONNECT_TIMEOUT_US   (5 * US_PER_SEC)
#define RETRY_FIRST_US       (100 * US_PER_MS)
#define LOOK_CLOSE_US        (200 * US_PER_MS) /* while a version is built */
#define NEAR_EVENTS          1000 /* behind the live version: the switch can be tried */
#define FINISHES_MAX         2    /* at once: each goes through all rows of two versions */

struct ViewKeeper {
        const ProjectorConfig *config;
        const Schema *schema;
        pthread_t thread;
        bool running;

        /* the thread's */
        PGconn *conn;
        VersionList list;
        ViewWorkers workers;
        RebuildFinish *finishes; /* of each model that is fed */
        Backoff backoff;
        bool registered;
        bool builds; /* a version, as of the last look */

        pthread_mutex_t lock; /* of what follows; held for moments only */
        pthread_cond_t wake;
        bool stopping, woken;
};

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + STATEMENT_TIMEOUT_US;
}

static void wake(void *keeper)
{
        view_keeper_wake(keeper);
}

static ErrorCode make_finishes(ViewKeeper *keeper, Error *err)
{
        const ViewWorkers *workers = &keeper->workers;

        keeper->finishes = calloc(workers->n_models + 1, sizeof *keeper->finishes);
        if (!keeper->finishes)
                return error_no_memory(err);
        for (size_t i = 0; i < workers->n_models; i++)
                rebuild_finish_init(&keeper->finishes[i], keeper->config, keeper->schema,
                                    workers->models[i].model->view, wake, keeper);
        return ERROR_NONE;
}

static void stop_finishes(ViewKeeper *keeper)
{
        for (size_t i = 0; keeper->finishes && i < keeper->workers.n_models; i++)
                rebuild_finish_tell(&keeper->finishes[i]);
        for (size_t i = 0; keeper->finishes && i < keeper->workers.n_models; i++)
                rebuild_finish_stop(&keeper->finishes[i]);
}

ErrorCode view_keeper_new(ViewKeeper **ret, const ProjectorConfig *config, const Schema *schema,
                          Error *err)
{
        _cleanup_(view_keeper_freep) ViewKeeper *keeper = calloc(1, sizeof *keeper);
        pthread_condattr_t attributes;
        ErrorCode code;

        if (!keeper)
                return error_no_memory(err);
        keeper->config = config;
        keeper->schema = schema;
        keeper->backoff = BACKOFF_INIT(RETRY_FIRST_US, config->retry_ms_max * US_PER_MS);
        (void)pthread_mutex_init(&keeper->lock, NULL);
        (void)pthread_condattr_init(&attributes);
        (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&keeper->wake, &attributes);
        (void)pthread_condattr_destroy(&attributes);
        code = view_workers_init(&keeper->workers, config, schema, err);
        if (!code)
                code = make_finishes(keeper, err);
        if (code)
                return code;
        *ret = TAKE_PTR(keeper);
        return ERROR_NONE;
}

void view_keeper_free(ViewKeeper *keeper)
{
        if (!keeper)
                return;
        stop_finishes(keeper);
        for (size_t i = 0; keeper->finishes && i < keeper->workers.n_models; i++)
                rebuild_finish_deinit(&keeper->finishes[i]);
        free(keeper->finishes);
        view_workers_deinit(&keeper->workers);
        version_list_deinit(&keeper->list);
        PQfinish(keeper->conn);
        (void)pthread_cond_destroy(&keeper->wake);
        (void)pthread_mutex_destroy(&keeper->lock);
        free(keeper);
}

static ErrorCode measure(ViewKeeper *keeper, const VersionRebuild *rebuild, int64_t done,
                         Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();

        if (!params)
                return error_no_memory(err);
        pg_params_int64(params, rebuild->id);
        pg_params_int64(params, done);
        return pg_exec(keeper->conn, sql_rebuild_measure, params, NULL, deadline_us(),
                       "measure a rebuild", err);
}

/* Begin the end of a rebuild, unless enough of them run. */
static void begin_end(ViewKeeper *keeper, const char *view)
{
        size_t n = 0;

        for (size_t i = 0; i < keeper->workers.n_models; i++)
                n += rebuild_finish_runs(&keeper->finishes[i]);
        for (size_t i = 0; n < FINISHES_MAX && i < keeper->workers.n_models; i++)
                if (strcmp(keeper->finishes[i].view, view) == 0)
                        rebuild_finish_start(&keeper->finishes[i]);
}

/* Measure a version that is built, and begin its end when it is near. */
static ErrorCode attend(ViewKeeper *keeper, const ViewVersion *version, Error *err)
{
        _cleanup_(rebuild_progress_deinit) RebuildProgress progress = REBUILD_PROGRESS_INIT;
        const ViewVersion *live = version_list_live(&keeper->list, version->view);
        const OwnModel *own = view_workers_model(&keeper->workers, version->view);
        const VersionRebuild *rebuild = &version->rebuild;
        ErrorCode code;

        code = rebuild_progress_read(&progress, keeper->conn, own->model->name, version, live,
                                     deadline_us(), err);
        if (!code)
                code = measure(keeper, rebuild, progress.done, err);
        if (code)
                return code;
        if (version_is_worked_on(version) && progress.done + NEAR_EVENTS >= progress.goal)
                begin_end(keeper, version->view);
        return ERROR_NONE;
}

static ErrorCode attend_all(ViewKeeper *keeper, Error *err)
{
        ErrorCode code = ERROR_NONE;

        keeper->builds = false;
        for (size_t i = 0; i < keeper->workers.n_models; i++)
                (void)rebuild_finish_runs(&keeper->finishes[i]); /* reap those that are over */
        for (size_t i = 0; !code && i < keeper->list.n_versions; i++) {
                const ViewVersion *version = &keeper->list.versions[i];

                if (version->state != VERSION_BUILDING ||
                    !view_workers_feed(&keeper->workers, version))
                        continue;
                keeper->builds |= version_is_worked_on(version);
                code = attend(keeper, version, err);
        }
        return code;
}

static ErrorCode look(ViewKeeper *keeper, Error *err)
{
        ErrorCode code = ERROR_NONE;

        if (!keeper->conn)
                code = pg_connect(&keeper->conn, keeper->config->pg_url, "projector-svc keeper",
                                  clock_monotonic_us() + CONNECT_TIMEOUT_US, err);
        if (!code && !keeper->registered)
                code = view_registry_register(keeper->conn, keeper->schema, deadline_us(), err);
        if (code)
                return code;
        keeper->registered = true;
        code = version_list_read(&keeper->list, keeper->conn, deadline_us(), err);
        if (!code)
                code = view_workers_follow(&keeper->workers, keeper->conn, &keeper->list, err);
        return code ? code : attend_all(keeper, err);
}

static int64_t look_again_us(const ViewKeeper *keeper)
{
        int64_t usual_us = keeper->config->refresh_ms * US_PER_MS;

        return keeper->builds && usual_us > LOOK_CLOSE_US ? LOOK_CLOSE_US : usual_us;
}

/* Until it is time, or somebody wakes us. */
static void wait_for(ViewKeeper *keeper, int64_t wait_us)
{
        int64_t until_us = clock_monotonic_us() + wait_us;
        struct timespec until = { .tv_sec = until_us / US_PER_SEC,
                                  .tv_nsec = until_us % US_PER_SEC * 1000 };

        (void)pthread_mutex_lock(&keeper->lock);
        while (!keeper->stopping && !keeper->woken)
                if (pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until) != 0)
                        break;
        keeper->woken = false;
        (void)pthread_mutex_unlock(&keeper->lock);
}

static bool must_stop(ViewKeeper *keeper)
{
        bool stopping;

        (void)pthread_mutex_lock(&keeper->lock);
        stopping = keeper->stopping;
        (void)pthread_mutex_unlock(&keeper->lock);
        return stopping;
}

static void *run(void *data)
{
        ViewKeeper *keeper = data;

        while (!must_stop(keeper)) {
                Error err = ERROR_INIT;
                ErrorCode code = look(keeper, &err);

                if (code == ERROR_INVALID) {
                        daemon_fail("%s", err.message);
                        break;
                }
                if (!code) {
                        backoff_reset(&keeper->backoff);
                        wait_for(keeper, look_again_us(keeper));
                        continue;
                }
                log_warning("registry-unread", "%s", err.message);
                PQfinish(TAKE_PTR(keeper->conn));
                wait_for(keeper, backoff_next_us(&keeper->backoff));
        }
        stop_finishes(keeper);
        view_workers_stop(&keeper->workers);
        return NULL;
}

ErrorCode view_keeper_start(ViewKeeper *keeper, Error *err)
{
        Error fault = ERROR_INIT;

        if (look(keeper, &fault) == ERROR_INVALID) {
                view_workers_stop(&keeper->workers);
                if (err)
                        *err = fault;
                return ERROR_INVALID;
        }
        if (pthread_create(&keeper->thread, NULL, run, keeper) != 0)
                return error_set(err, ERROR_INTERNAL,
                                 "could not start the thread that keeps views");
        keeper->running = true;
        return ERROR_NONE;
}

void view_keeper_stop(ViewKeeper *keeper)
{
        if (!keeper->running)
                return;
        (void)pthread_mutex_lock(&keeper->lock);
        keeper->stopping = true;
        (void)pthread_cond_signal(&keeper->wake);
        (void)pthread_mutex_unlock(&keeper->lock);
        (void)pthread_join(keeper->thread, NULL);
        keeper->running = false;
}

void view_keeper_wake(ViewKeeper *keeper)
{
        (void)pthread_mutex_lock(&keeper->lock);
        keeper->woken = true;
        (void)pthread_cond_signal(&keeper->wake);
        (void)pthread_mutex_unlock(&keeper->lock);
}

ViewWorkersHealth view_keeper_health(ViewKeeper *keeper)
{
        return view_workers_health(&keeper->workers);
}
