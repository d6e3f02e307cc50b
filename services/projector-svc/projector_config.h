#pragma once

/*
 * projector_config.h — the configuration of projector-svc; the table stands in projector_config.c.
 */

#include "common/daemon/daemon.h"

typedef struct ProjectorConfig {
        DaemonConfig daemon;
        char *pg_url;
        char *kafka_brokers;
        char *topic_prefix;
        char *schema_file;
        int64_t view_workers;
        int64_t batch_events_max;
        int64_t batch_bytes_max;
        int64_t kafka_queue_kbytes;
        int64_t refresh_ms;
        int64_t retry_ms_max;
        int64_t park_tries;
        int64_t park_retry_ms;
        int64_t parked_aggregates_max;
        int64_t undecodable_rows_max;
        int64_t undecodable_bytes_max;
        bool change_feed;
        int64_t change_partitions;
        int64_t change_compaction_lag_s;
        int64_t change_retention_s;
        int64_t change_poll_ms;
        int64_t change_window_rows;
        int64_t change_window_bytes;
        int64_t topic_replication;
        int64_t topic_min_insync;
        int64_t admin_connections;
        int64_t rebuild_batch_events_max;
        int64_t rebuild_busy_percent;
        int64_t rebuild_read_percent;
        int64_t rebuild_lag_max;
        int64_t rebuild_hold_ms;
        int64_t rebuild_examples_max;
} ProjectorConfig;

extern const ConfigItem projector_config_items[];
