#pragma once

/*
 * command_config.h — the configuration of command-svc; the table stands in command_config.c.
 */

#include "common/daemon/daemon.h"

typedef struct CommandConfig {
        DaemonConfig daemon;
        char *pg_url;
        int64_t pg_connections;
        char *kafka_brokers;
        char *topic_prefix;
        int64_t topic_replication;
        int64_t topic_min_insync;
        int64_t partitions;
        int64_t writers;
        int64_t queue_commands_max;
        int64_t batch_commands_max;
        int64_t batch_bytes_max;
        int64_t event_bytes_max;
        int64_t command_event_bytes_max;
        int64_t command_timeout_ms;
        int64_t view_wait_ms;
        int64_t bulk_requests_max;
        int64_t bulk_window_commands;
        int64_t bulk_window_bytes;
        int64_t bulk_read_timeout_s;
        int64_t bulk_write_timeout_s;
        int64_t command_ttl_s;
        int64_t failure_ttl_s;
        int64_t failure_records_max;
        int64_t failure_records_per_s;
        int64_t expiry_interval_s;
        int64_t cache_bytes_max;
        int64_t snapshot_events;
        int64_t snapshot_queue_bytes_max;
        int64_t relay_poll_ms;
        int64_t relay_window_events;
        int64_t relay_queue_bytes_max;
} CommandConfig;

extern const ConfigItem command_config_items[];
