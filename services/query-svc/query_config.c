#include "query_config.h"

/* clang-format off: a table */
const ConfigItem query_config_items[] = {
        DAEMON_CONFIG_ROWS("8082"),
        CONFIG_ROW_SECRET(QueryConfig, pg_url, NULL,
                          "PostgreSQL with the views, as role skafu_query"),
        CONFIG_ROW_INT(QueryConfig, pg_connections, "8", 1, 256, "connections for reads"),
        CONFIG_ROW_STRING(QueryConfig, schema_file, "domain/schema.graphql", "the read models"),
        CONFIG_ROW_INT(QueryConfig, page_limit_default, "100", 1, 10000,
                       "rows in a page that names no limit"),
        CONFIG_ROW_INT(QueryConfig, page_limit_max, "1000", 1, 10000, "rows in a page at most"),
        CONFIG_ROW_INT(QueryConfig, include_rows_max, "1000", 1, 10000,
                       "rows of an embedded relation at most"),
        CONFIG_ROW_INT(QueryConfig, read_wait_ms, "5000", 0, 600000,
                       "wait this long for a view to show what a consistency token names"),
        CONFIG_ROW_INT(QueryConfig, read_timeout_ms, "5000", 50, 600000,
                       "give up on a read after this long"),
        CONFIG_ROW_INT(QueryConfig, as_of_events_max, "200000", 1, 100000000,
                       "events that a read with asOf folds at most; more are a 413"),
        CONFIG_END,
};
/* clang-format on */
