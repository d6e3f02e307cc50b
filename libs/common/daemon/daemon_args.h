#pragma once

/*
 * daemon_args.h — the flags of every service, told apart from those of its configuration.
 */

#include <stdbool.h>

#include "common/base/error.h"

typedef struct DaemonArgs {
        bool help, version, check_config, print_config;
        const char *config_file; /* NULL when not given */
        int argc;                /* what is left, for config_load() … */
        char **argv;             /* … owned; the texts are main()'s */
} DaemonArgs;

#define DAEMON_ARGS_INIT ((DaemonArgs){ .argc = 0 })

/* Return: ERROR_NONE; ERROR_INVALID when --config has no value. */
_must_check_ ErrorCode daemon_args_parse(DaemonArgs *args, int argc, char **argv, Error *err);
void daemon_args_deinit(DaemonArgs *args);
