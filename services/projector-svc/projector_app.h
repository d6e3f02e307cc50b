#pragma once

/*
 * projector_app.h — projector-svc put together: the keeper of the views, and what operators ask.
 */

#include "common/model/model.h"
#include "common/pg/pg_pool.h"
#include "projector_config.h"
#include "view_keeper.h"

typedef struct ProjectorApp {
        const ProjectorConfig *config;
        Schema *schema;
        ViewKeeper *keeper;
        PgPool *pool; /* for what operators ask */
} ProjectorApp;

extern const DaemonType projector_daemon;
