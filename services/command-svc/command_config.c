#include "command_config.h"

/* clang-format off: a table */
const ConfigItem command_config_items[] = {
        DAEMON_CONFIG_ROWS("8081"),
        CONFIG_ROW_SECRET(CommandConfig, pg_url, NULL,
                          "PostgreSQL with the event store, as role skafu_command"),
        CONFIG_ROW_INT(CommandConfig, pg_connections, "4", 1, 256,
                       "connections for look-ups, beside one per writer and one for the relay"),
        CONFIG_ROW_STRING(CommandConfig, kafka_brokers, NULL, "host:port,host:port of the brokers"),
        CONFIG_ROW_STRING(CommandConfig, topic_prefix, "skafu",
                          "topics are <prefix>.<aggregate type>.events"),
        CONFIG_ROW_INT(CommandConfig, topic_replication, "1", 1, 32, "replicas of a new topic"),
        CONFIG_ROW_INT(CommandConfig, topic_min_insync, "1", 1, 32,
                       "min.insync.replicas of a new topic"),
        CONFIG_ROW_INT(CommandConfig, partitions, "4", 1, 1024,
                       "log partitions per aggregate type; may be raised, never lowered"),
        CONFIG_ROW_INT(CommandConfig, writers, "2", 1, 64,
                       "threads that append; each owns some of the partitions"),
        CONFIG_ROW_INT(CommandConfig, queue_commands_max, "10000", 1, 1000000,
                       "commands that may wait for one writer; more are answered 503"),
        CONFIG_ROW_INT(CommandConfig, batch_commands_max, "256", 1, 4096,
                       "commands that share one append"),
        /* A topic of ours takes messages of 8 MiB; metadata and headers need some of that. */
        CONFIG_ROW_INT(CommandConfig, event_bytes_max, "5242880", 1024, 8126464,
                       "eventData of one event, bytes; less than the broker's message.max.bytes"),
        CONFIG_ROW_INT(CommandConfig, command_event_bytes_max, "16777216", 1024, 268435456,
                       "eventData of all events of one command, bytes"),
        CONFIG_ROW_INT(CommandConfig, command_timeout_ms, "800", 50, 60000,
                       "try this long to store a command before answering 503"),
        CONFIG_ROW_INT(
                CommandConfig, view_wait_ms, "5000", 0, 600000,
                "with ?wait=, answer 202 when views do not show the command after this long"),
        CONFIG_ROW_INT(CommandConfig, cache_bytes_max, "33554432", 65536, 68719476736,
                       "memory for aggregates, bytes"),
        CONFIG_ROW_INT(CommandConfig, relay_poll_ms, "100", 10, 60000,
                       "how often the relay looks for events of other instances"),
        CONFIG_ROW_INT(CommandConfig, relay_window_events, "2000", 1, 100000,
                       "events per log partition that wait for the broker's acknowledgement"),
        CONFIG_ROW_INT(CommandConfig, relay_queue_bytes_max, "16777216", 65536, 68719476736,
                       "memory for events on their way to the broker; beyond, they are read back"),
        CONFIG_END,
};
/* clang-format on */
