#pragma once

/*
 * query_app.h — query-svc put together.
 */

#include "common/model/model.h"
#include "common/pg/pg_pool.h"
#include "query_config.h"

typedef struct QueryApp {
        const QueryConfig *config;
        Schema *schema;
        PgPool *pool;
} QueryApp;

extern const DaemonType query_daemon;
