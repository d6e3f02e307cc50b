#include "common/daemon/daemon_args.h"

#include <string.h>

/* One of our own flags without a value; false when @arg is none. */
static bool take_switch(DaemonArgs *args, const char *arg)
{
        const struct {
                const char *name;
                bool *target;
        } switches[] = {
                { "--help", &args->help },
                { "--version", &args->version },
                { "--check-config", &args->check_config },
                { "--print-config", &args->print_config },
        };

        for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
                if (strcmp(arg, switches[i].name) == 0) {
                        *switches[i].target = true;
                        return true;
                }
        }
        return false;
}

ErrorCode daemon_args_parse(DaemonArgs *args, int argc, char **argv, Error *err)
{
        static const char config_equals[] = "--config=";

        args->argv = calloc((size_t)argc + 1, sizeof *args->argv);
        if (!args->argv)
                return error_no_memory(err);
        for (int i = 0; i < argc; i++) {
                if (i > 0 && take_switch(args, argv[i]))
                        continue;
                if (strcmp(argv[i], "--config") == 0) {
                        if (i + 1 == argc)
                                return error_set(err, ERROR_INVALID, "--config needs a file");
                        args->config_file = argv[++i];
                } else if (strncmp(argv[i], config_equals, strlen(config_equals)) == 0) {
                        args->config_file = argv[i] + strlen(config_equals);
                } else {
                        args->argv[args->argc++] = argv[i];
                        /* the value of a flag is no flag, whatever it looks like */
                        if (strncmp(argv[i], "--", 2) == 0 && !strchr(argv[i], '=') && i + 1 < argc)
                                args->argv[args->argc++] = argv[++i];
                }
        }
        return ERROR_NONE;
}

void daemon_args_deinit(DaemonArgs *args)
{
        free(args->argv);
        *args = DAEMON_ARGS_INIT;
}
