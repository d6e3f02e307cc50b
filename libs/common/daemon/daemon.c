#include "common/daemon/daemon.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/auth/auth.h"
#include "common/base/clock.h"
#include "common/daemon/daemon_args.h"
#include "common/daemon/daemon_http.h"
#include "common/daemon/daemon_signals.h"
#include "common/daemon/log.h"

enum {
        EXIT_OK = 0,
        EXIT_FAILED = 1,
        EXIT_USAGE = 2,
};

/* Everything that daemon_main() owns while the service runs. */
typedef struct Daemon {
        const DaemonType *type;
        const DaemonConfig *config; /* the head of the service's own */
        AuthVerifier *verifier;
        void *app;
        DaemonHttp *http;
        HttpServer *server;
} Daemon;

static void print_help(const DaemonType *type)
{
        (void)printf(
                "usage: %s [FLAG…]\n\n"
                "  --config FILE                      lines \"key = value\"\n"
                "  --check-config                     say whether the configuration is good\n"
                "  --print-config                     show what is in force, without secrets\n"
                "  --version\n"
                "  --help\n\n"
                "Each of these is also SKAFU_KEY in the environment and \"key = value\" in the "
                "file, with\nunderscores; flags win over the environment, the environment over "
                "the file.\n\n",
                type->name);
        config_print_help(type->config_items);
}

static void note_auth_message(const char *text)
{
        log_info("credentials", "%s", text);
}

static ErrorCode verifier_new(AuthVerifier **ret, const DaemonConfig *config, Error *err)
{
        AuthOptions options = {
                .issuer = config->jwt_issuer,
                .audience = config->jwt_audience,
                .hs256_secret = config->jwt_hs256_secret,
                .key_file = config->jwt_key_file,
                .groups_claim = config->jwt_groups_claim,
                .leeway_s = (int)config->jwt_leeway_s,
                .api_keys_file = config->api_keys_file,
                .on_message = note_auth_message,
        };

        return auth_verifier_new(ret, &options, err);
}

static ErrorCode start_http(Daemon *daemon, Error *err)
{
        const DaemonConfig *config = daemon->config;
        HttpOptions options = {
                .service = daemon->type->name,
                .listen_address = config->http_address,
                .port = (uint16_t)config->http_port,
                .body_bytes_max = (size_t)config->http_body_bytes_max,
                .connections_max = (unsigned)config->http_connections_max,
                .idle_timeout_s = (unsigned)config->http_idle_timeout_s,
                .read_timeout_s = (unsigned)config->http_read_timeout_s,
                .verifier = daemon->verifier,
                .streamed_paths = daemon->type->streamed_paths,
        };
        ErrorCode code;

        daemon_http_fill(daemon->http, &options);
        code = http_server_start(&daemon->server, &options, daemon->type->routes, daemon->app, err);
        if (!code)
                daemon_http_set_server(daemon->http, daemon->server);
        return code;
}

static void note_ready(const Daemon *daemon)
{
        bool is_ipv6 = strchr(daemon->config->http_address, ':');

        log_info("ready", "http://%s%s%s:%u", is_ipv6 ? "[" : "", daemon->config->http_address,
                 is_ipv6 ? "]" : "", http_server_port(daemon->server));
}

static void stop_http(Daemon *daemon)
{
        int64_t deadline_us = clock_monotonic_us() + daemon->config->stop_timeout_s * US_PER_SEC;

        daemon_http_set_server(daemon->http, NULL);
        if (http_server_stop(daemon->server, deadline_us))
                return;
        /* nothing that a handler may still use can be freed, not even by exit() */
        log_error("stopped-hard", "requests still ran after %d s",
                  (int)daemon->config->stop_timeout_s);
        _exit(EXIT_FAILED);
}

/* From a started app to a stopped one. */
static int serve(Daemon *daemon)
{
        Error err = ERROR_INIT;
        const char *signal_name;

        if (start_http(daemon, &err)) {
                log_error("not-started", "%s", err.message);
                daemon->type->app_stop(daemon->app);
                return EXIT_FAILED;
        }
        note_ready(daemon);
        signal_name = daemon_signals_wait();
        log_info("stopping", "%s", signal_name ? signal_name : "a part has failed");
        stop_http(daemon);
        daemon->type->app_stop(daemon->app);
        log_info("stopped", "%s", daemon_failed() ? "after a failure" : "as asked");
        return daemon_failed() ? EXIT_FAILED : EXIT_OK;
}

static void daemon_deinit(Daemon *daemon)
{
        http_server_free(daemon->server);
        daemon_http_free(daemon->http);
        if (daemon->app)
                daemon->type->app_free(daemon->app);
        auth_verifier_free(daemon->verifier);
}

static int run(Daemon *daemon)
{
        Error err = ERROR_INIT;
        ErrorCode code = daemon_signals_init(&err);
        int status = EXIT_FAILED;

        if (!code)
                code = daemon->type->app_new(&daemon->app, daemon->config, &err);
        if (!code)
                code = daemon_http_new(&daemon->http, daemon->type, daemon->app, &err);
        if (!code)
                code = daemon->type->app_start(daemon->app, &err);
        if (code)
                log_error("not-started", "%s", err.message);
        else
                status = serve(daemon);
        daemon_deinit(daemon);
        daemon_signals_deinit();
        return status;
}

/* What --check-config checks beyond the table. */
static ErrorCode check_config(Daemon *daemon, Error *err)
{
        LogLevel level;

        if (!log_level_parse(daemon->config->log_level, &level))
                return error_set_field(err, ERROR_INVALID, "log_level",
                                       "log_level is \"%.64s\", which is none of debug, info, "
                                       "warning and error",
                                       daemon->config->log_level);
        log_init(daemon->type->name, level);
        return verifier_new(&daemon->verifier, daemon->config, err);
}

static int run_configured(const DaemonType *type, const DaemonArgs *args, void *config)
{
        Daemon daemon = { .type = type, .config = config };
        Error err = ERROR_INIT;
        ErrorCode code = config_load(type->config_items, config, args->config_file, args->argc,
                                     args->argv, &err);

        if (!code && args->print_config) {
                config_print(type->config_items, config);
                return EXIT_OK;
        }
        if (!code)
                code = check_config(&daemon, &err);
        if (code) {
                (void)fprintf(stderr, "%s: %s\n", type->name, err.message);
                return EXIT_USAGE;
        }
        if (!args->check_config)
                return run(&daemon);
        auth_verifier_free(daemon.verifier);
        (void)printf("the configuration is good\n");
        return EXIT_OK;
}

int daemon_main(const DaemonType *type, int argc, char **argv)
{
        _cleanup_(daemon_args_deinit) DaemonArgs args = DAEMON_ARGS_INIT;
        _cleanup_(freep) void *config = calloc(1, type->config_size);
        Error err = ERROR_INIT;
        int status = EXIT_OK;

        log_init(type->name, LOG_LEVEL_INFO);
        if (!config || daemon_args_parse(&args, argc, argv, &err)) {
                (void)fprintf(stderr, "%s: %s\n", type->name, err.message);
                return EXIT_USAGE;
        }
        if (args.help)
                print_help(type);
        else if (args.version)
                (void)printf("%s %s\n", type->name, SKAFU_VERSION);
        else
                status = run_configured(type, &args, config);
        config_deinit(type->config_items, config);
        return status;
}
