#pragma once

/*
 * config.h — one table per service: it parses, prints, checks, and is compared with the docs.
 *
 * Key "pg_url" is SKAFU_PG_URL in the environment, --pg-url on the command line, pg_url = … in the
 * file. Later wins: default, file, environment, flag.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

typedef enum ConfigKind {
        CONFIG_STRING, /* char * */
        CONFIG_SECRET, /* char *, masked when printed */
        CONFIG_INT,    /* int64_t within [min, max] */
        CONFIG_BOOL,   /* bool: true or false */
} ConfigKind;

typedef struct ConfigItem {
        const char *key;
        ConfigKind kind;
        size_t offset;            /* offsetof() in the service's config struct */
        const char *default_text; /* NULL: required */
        int64_t min, max;         /* of CONFIG_INT, with the unit in the key's name */
        const char *help;         /* one line */
} ConfigItem;

/* Rows: { CONFIG_ROW_INT(CommandConfig, http_port, "8081", 0, 65535, "port to listen on") }, … */
#define CONFIG_ROW_STRING(type, name, default_value, text)                            \
        {                                                                             \
#name, CONFIG_STRING, offsetof(type, name), default_value, 0, 0, text \
        }
#define CONFIG_ROW_SECRET(type, name, default_value, text)                            \
        {                                                                             \
#name, CONFIG_SECRET, offsetof(type, name), default_value, 0, 0, text \
        }
#define CONFIG_ROW_INT(type, name, default_value, min, max, text)                      \
        {                                                                              \
#name, CONFIG_INT, offsetof(type, name), default_value, min, max, text \
        }
#define CONFIG_ROW_BOOL(type, name, default_value, text)                            \
        {                                                                           \
#name, CONFIG_BOOL, offsetof(type, name), default_value, 0, 0, text \
        }
#define CONFIG_END                                       \
        {                                                \
                NULL, CONFIG_STRING, 0, NULL, 0, 0, NULL \
        }

/**
 * config_load() - fill @config from defaults, file, environment and flags
 * @items:   ends with CONFIG_END
 * @config:  zeroed by the caller; strings are owned by it, see config_deinit()
 * @file:    NULL when there is none; lines "key = value", '#' comments
 *
 * Unknown keys in the file and unknown --flags are errors; unknown SKAFU_ variables are not.
 * Return: ERROR_NONE, or ERROR_INVALID naming key and source.
 */
_must_check_ ErrorCode config_load(const ConfigItem *items, void *config, const char *file,
                                   int argc, char **argv, Error *err);
void config_deinit(const ConfigItem *items, void *config);

/* key = value lines as they are in force, secrets as "***". */
void config_print(const ConfigItem *items, const void *config);

/* One line per flag, for --help. */
void config_print_help(const ConfigItem *items);
