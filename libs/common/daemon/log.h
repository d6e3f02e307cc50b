#pragma once

/*
 * log.h — one JSON object a line on stderr. Programs log; libraries return errors.
 *
 * log_info("relay-caught-up", "partition %d is published", partition);
 * {"time":"…","level":"info","service":"command-svc","id":"relay-caught-up","message":"…"}
 */

#include "common/base/error.h"

typedef enum LogLevel {
        LOG_LEVEL_DEBUG,
        LOG_LEVEL_INFO,
        LOG_LEVEL_WARNING,
        LOG_LEVEL_ERROR,
} LogLevel;

/* Before the first line; @service is static text. */
void log_init(const char *service, LogLevel level);
bool log_level_parse(const char *text, LogLevel *ret);

/* One line, written with one write(). @id is a stable name for operators to match on. Thread: any. */
_printf_(4, 5) void log_write(LogLevel level, const char *id, const char *correlation_id,
                              const char *fmt, ...);

#define log_debug(id, ...)   log_write(LOG_LEVEL_DEBUG, id, NULL, __VA_ARGS__)
#define log_info(id, ...)    log_write(LOG_LEVEL_INFO, id, NULL, __VA_ARGS__)
#define log_warning(id, ...) log_write(LOG_LEVEL_WARNING, id, NULL, __VA_ARGS__)
#define log_error(id, ...)   log_write(LOG_LEVEL_ERROR, id, NULL, __VA_ARGS__)
