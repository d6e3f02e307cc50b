#pragma once

/*
 * daemon.h — what every service's main() is: argv, config, log, signals, health, order of things.
 *
 * Flags of all services: --config FILE, --check-config, --print-config, --version, --help, and one
 * --key-with-dashes VALUE (or =VALUE) per config row.
 * Exit codes: 0 stopped as asked, 1 failed while running, 2 bad usage or configuration.
 */

#include <stddef.h>

#include "common/base/error.h"
#include "common/daemon/config.h"
#include "common/http/http.h"

/* Every config struct begins with this one, and every table with DAEMON_CONFIG_ROWS(type). */
typedef struct DaemonConfig {
        char *log_level;
        char *http_address;
        int64_t http_port;
        int64_t http_connections_max;
        int64_t http_body_bytes_max;
        int64_t http_idle_timeout_s;
        int64_t http_read_timeout_s;
        int64_t stop_timeout_s;
        char *jwt_issuer;
        char *jwt_audience;
        char *jwt_hs256_secret; /* "" when not used */
        char *jwt_key_file;
        char *jwt_groups_claim;
        int64_t jwt_leeway_s;
        char *api_keys_file;
} DaemonConfig;

/* clang-format off: a table */
#define DAEMON_CONFIG_ROWS(port)                                                                   \
        CONFIG_ROW_STRING(DaemonConfig, log_level, "info", "debug, info, warning or error"),       \
                CONFIG_ROW_STRING(DaemonConfig, http_address, "127.0.0.1",                         \
                                  "address to listen on"),                                         \
                CONFIG_ROW_INT(DaemonConfig, http_port, port, 0, 65535,                            \
                               "port to listen on; 0 takes a free one"),                           \
                CONFIG_ROW_INT(DaemonConfig, http_connections_max, "2000", 1, 100000,              \
                               "open connections; more wait"),                                     \
                CONFIG_ROW_INT(DaemonConfig, http_body_bytes_max, "1048576", 1024, 4194304,        \
                               "largest request body, bytes"),                                     \
                CONFIG_ROW_INT(DaemonConfig, http_idle_timeout_s, "60", 1, 86400,                  \
                               "close a silent connection after this long"),                       \
                CONFIG_ROW_INT(DaemonConfig, http_read_timeout_s, "10", 1, 3600,                   \
                               "cut off a request not complete by then"),                          \
                CONFIG_ROW_INT(DaemonConfig, stop_timeout_s, "10", 1, 600,                         \
                               "finish running work for this long after SIGTERM"),                 \
                CONFIG_ROW_STRING(DaemonConfig, jwt_issuer, "skafu", "required issuer of tokens"), \
                CONFIG_ROW_STRING(DaemonConfig, jwt_audience, "skafu",                             \
                                  "required audience of tokens"),                                  \
                CONFIG_ROW_SECRET(                                                                 \
                        DaemonConfig, jwt_hs256_secret, "",                                        \
                        "shared secret for HS256 tokens (development), 32 bytes or more"),         \
                CONFIG_ROW_STRING(DaemonConfig, jwt_key_file, "",                                  \
                                  "JWKS or PEM file with public keys"),                            \
                CONFIG_ROW_STRING(DaemonConfig, jwt_groups_claim, "cognito:groups",                \
                                  "claim that lists a user's groups"),                             \
                CONFIG_ROW_INT(DaemonConfig, jwt_leeway_s, "30", 0, 600,                           \
                               "clock difference allowed in tokens"),                              \
                CONFIG_ROW_STRING(DaemonConfig, api_keys_file, "",                                 \
                                  "file of API keys: sha256-hex, expiry, name per line")
/* clang-format on */

/* One dependency in /readyz. Thread: an HTTP thread; must answer at once. */
typedef struct HealthCheck {
        const char *name; /* "postgresql", "kafka"; NULL ends the list */
        bool (*ready)(void *app, char *ret_detail, size_t detail_size);
} HealthCheck;

typedef struct DaemonType {
        const char *name; /* "command-svc" */
        const ConfigItem *config_items;
        size_t config_size;
        const HttpRoute *routes;
        const char *const *streamed_paths; /* as in HttpOptions; may be NULL */
        const HealthCheck *checks;

        /* Build everything, start nothing. @config outlives the app. */
        ErrorCode (*app_new)(void **ret, const void *config, Error *err);
        ErrorCode (*app_start)(void *app, Error *err); /* threads run after this; then HTTP opens */
        void (*app_stop)(
                void *app); /* after HTTP has closed: finish and flush what runs, join threads */
        void (*app_free)(void *app);

        /* Append the service's own metrics; may be NULL. */
        void (*app_metrics)(void *app, Buffer *buffer);
} DaemonType;

/**
 * daemon_main() - the whole main(): returns the exit code
 *
 * Adds GET /healthz (200 while the process runs), GET /readyz (200 or 503, {"ready":…,"checks":{…}}) and
 * GET /metrics. Prints one log line with id "ready" when the port answers. SIGTERM and SIGINT: HTTP stops
 * accepting and finishes, app_stop, exit 0; a second signal ends at once. SIGPIPE is ignored.
 */
int daemon_main(const DaemonType *type, int argc, char **argv);

/* End the process in an orderly way from inside (a thread cannot go on): exit code 1. Thread: any. */
_printf_(1, 2) void daemon_fail(const char *fmt, ...);
