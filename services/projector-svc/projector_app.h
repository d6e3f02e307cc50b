#pragma once

/*
 * projector_app.h — projector-svc put together: one worker per view.
 */

#include "common/model/model.h"
#include "common/pg/pg_pool.h"
#include "projector_config.h"
#include "view_worker.h"

typedef struct ProjectorApp {
        const ProjectorConfig *config;
        Schema *schema;
        ViewWorker **workers;
        size_t n_workers;
        PgPool *pool; /* for what operators ask */
} ProjectorApp;

extern const DaemonType projector_daemon;
