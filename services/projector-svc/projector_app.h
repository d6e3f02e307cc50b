#pragma once

/*
 * projector_app.h — projector-svc put together: one worker per view.
 */

#include "common/model/model.h"
#include "projector_config.h"
#include "view_worker.h"

typedef struct ProjectorApp {
        const ProjectorConfig *config;
        Schema *schema;
        ViewWorker **workers;
        size_t n_workers;
} ProjectorApp;

extern const DaemonType projector_daemon;
