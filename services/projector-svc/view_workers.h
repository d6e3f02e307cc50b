#pragma once

/*
 * view_workers.h — the workers of this instance: a crew for every version that is live or built and that it may
 * feed, and no others.
 */

#include <pthread.h>

#include "build_pace.h"
#include "common/model/model_ddl.h"
#include "common/pg/pg_conn.h"
#include "projector_config.h"
#include "version_list.h"

/* A model of this instance's schema that somebody feeds. */
typedef struct OwnModel {
        const Model *model;
        char fingerprint[MODEL_FINGERPRINT_SIZE];
        bool shut_out; /* the live version was made from a newer schema */
} OwnModel;

typedef struct KeptVersion KeptVersion;

typedef struct ViewWorkers {
        const ProjectorConfig *config;
        const Schema *schema;
        OwnModel *models;
        size_t n_models;
        BuildPace pace;
        int percent;          /* of its time that each build works */
        pthread_mutex_t lock; /* of what follows, against view_workers_health(); held for moments */
        bool looked;          /* the registry has been read */
        KeptVersion **kept;
        size_t n_kept;
        pthread_t *reapers; /* of workers that were stopped */
        size_t n_reapers;
} ViewWorkers;

/* @config and @schema outlive the workers. */
_must_check_ ErrorCode view_workers_init(ViewWorkers *workers, const ProjectorConfig *config,
                                         const Schema *schema, Error *err);
void view_workers_deinit(ViewWorkers *workers);

/* Finish the batches at hand, give the log partitions up, end the threads. */
void view_workers_stop(ViewWorkers *workers);

/**
 * view_workers_follow() - start and stop workers as the registry says, and pass on what is wished for
 *
 * Return: ERROR_NONE; ERROR_INVALID when a version's own schema cannot be used; or as pg_exec().
 */
_must_check_ ErrorCode view_workers_follow(ViewWorkers *workers, PGconn *conn,
                                           const VersionList *list, Error *err);

/* Whether a worker of ours feeds @version. */
bool view_workers_feed(const ViewWorkers *workers, const ViewVersion *version);

/* NULL when there is no such model. */
const OwnModel *view_workers_model(const ViewWorkers *workers, const char *view);

typedef struct ViewWorkersHealth {
        bool postgresql, kafka, views;
        char postgresql_detail[128], views_detail[256]; /* when not, or not wholly */
} ViewWorkersHealth;

/* Of live versions. Thread: any. */
ViewWorkersHealth view_workers_health(ViewWorkers *workers);
