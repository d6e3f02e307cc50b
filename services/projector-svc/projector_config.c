#include "projector_config.h"

/* clang-format off: a table */
const ConfigItem projector_config_items[] = {
        DAEMON_CONFIG_ROWS("8083"),
        CONFIG_ROW_SECRET(ProjectorConfig, pg_url, NULL,
                          "PostgreSQL with the event store, as role skafu_projector"),
        CONFIG_ROW_STRING(ProjectorConfig, kafka_brokers, NULL,
                          "host:port,host:port of the brokers"),
        CONFIG_ROW_STRING(ProjectorConfig, topic_prefix, "skafu",
                          "topics are <prefix>.<aggregate type>.events"),
        CONFIG_ROW_STRING(ProjectorConfig, schema_file, NULL, "path of schema.graphql"),
        CONFIG_ROW_INT(ProjectorConfig, batch_events_max, "2000", 1, 100000,
                       "events that share one transaction"),
        CONFIG_ROW_INT(ProjectorConfig, batch_bytes_max, "8388608", 65536, 1073741824,
                       "and their bytes; a larger event is a batch of its own"),
        CONFIG_ROW_INT(ProjectorConfig, kafka_queue_kbytes, "16384", 64, 2097151,
                       "fetched ahead per view, KiB"),
        CONFIG_ROW_INT(ProjectorConfig, refresh_ms, "1000", 50, 60000,
                       "how often a view looks at its leases and at the heads of the event store"),
        CONFIG_ROW_INT(ProjectorConfig, retry_ms_max, "10000", 100, 3600000,
                       "longest pause between two tries of what failed"),
        CONFIG_ROW_INT(ProjectorConfig, admin_connections, "2", 1, 64,
                       "connections to PostgreSQL for operators' requests"),
        CONFIG_END,
};
/* clang-format on */
