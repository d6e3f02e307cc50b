#include "common/daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/base/utf8.h"

/* A line stays below PIPE_BUF, so that lines of several processes in one pipe never mix. */
#define MESSAGE_SIZE 2048

static const char *const level_names[] = {
        [LOG_LEVEL_DEBUG] = "debug",
        [LOG_LEVEL_INFO] = "info",
        [LOG_LEVEL_WARNING] = "warning",
        [LOG_LEVEL_ERROR] = "error",
};

static const char *_Atomic log_service = "";
static _Atomic LogLevel log_threshold = LOG_LEVEL_INFO;

void log_init(const char *service, LogLevel level)
{
        atomic_store(&log_service, service);
        atomic_store(&log_threshold, level);
}

bool log_level_parse(const char *text, LogLevel *ret)
{
        for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
                if (strcmp(text, level_names[i]) == 0) {
                        *ret = (LogLevel)i;
                        return true;
                }
        }
        return false;
}

/* Bytes that are no UTF-8 would make the line unreadable for whoever collects it. */
static void make_readable(char *text)
{
        char *end = text + strlen(text);

        for (char *p = text; p < end;) {
                p += utf8_prefix(p, (size_t)(end - p));
                if (p < end)
                        *p++ = '?';
        }
}

static void write_all(const char *data, size_t size)
{
        while (size) {
                ssize_t n = write(STDERR_FILENO, data, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return;
                data += n;
                size -= (size_t)n;
        }
}

void log_write(LogLevel level, const char *id, const char *correlation_id, const char *fmt, ...)
{
        _cleanup_(buffer_deinit) Buffer line = BUFFER_INIT;
        char message[MESSAGE_SIZE], correlation[128];
        int saved_errno = errno;
        va_list args;

        if (level < atomic_load_explicit(&log_threshold, memory_order_relaxed))
                return;

        va_start(args, fmt);
        (void)vsnprintf(message, sizeof message, fmt, args);
        va_end(args);
        make_readable(message);

        json_write_object(&line, NULL);
        json_write_time(&line, "time", clock_now_us());
        json_write_string(&line, "level", level_names[level]);
        json_write_string(&line, "service", atomic_load(&log_service));
        json_write_string(&line, "id", id);
        if (correlation_id) {
                (void)snprintf(correlation, sizeof correlation, "%s", correlation_id);
                make_readable(correlation);
                json_write_string(&line, "correlationId", correlation);
        }
        json_write_string(&line, "message", message);
        json_write_object_end(&line);
        buffer_append_char(&line, '\n');
        write_all(line.data, line.size);
        errno = saved_errno;
}
