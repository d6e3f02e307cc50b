#pragma once

/*
 * query_config.h — the configuration of query-svc; the table stands in query_config.c.
 */

#include "common/daemon/daemon.h"

typedef struct QueryConfig {
        DaemonConfig daemon;
        char *pg_url;
        int64_t pg_connections;
        char *schema_file;
        int64_t page_limit_default;
        int64_t page_limit_max;
        int64_t include_rows_max;
        int64_t read_wait_ms;
        int64_t read_timeout_ms;
        int64_t as_of_events_max;
} QueryConfig;

extern const ConfigItem query_config_items[];
