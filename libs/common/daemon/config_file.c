#include "common/daemon/config_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buffer.h"
#include "common/base/utf8.h"

#define FILE_BYTES_MAX ((size_t)1024 * 1024)

static void filep(FILE **file)
{
        if (*file)
                (void)fclose(*file);
}

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

/* Shrink [*p, *end) to what is not space. */
static void trim(const char **p, const char **end)
{
        while (*p < *end && is_space(**p))
                (*p)++;
        while (*end > *p && is_space((*end)[-1]))
                (*end)--;
}

static ErrorCode parse_line(const char *p, const char *end, const char *name, unsigned line,
                            ConfigFileVisit visit, void *data, Error *err)
{
        _cleanup_(buffer_deinit) Buffer key = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer value = BUFFER_INIT;
        const char *equals, *key_end;

        trim(&p, &end);
        if (p == end || *p == '#')
                return ERROR_NONE;
        if (memchr(p, '\0', (size_t)(end - p)) || !utf8_valid(p, (size_t)(end - p)))
                return error_set(err, ERROR_INVALID, "line %u of %s is not UTF-8 text", line, name);
        equals = memchr(p, '=', (size_t)(end - p));
        key_end = equals;
        if (equals)
                trim(&p, &key_end);
        if (!equals || key_end == p)
                return error_set(err, ERROR_INVALID, "line %u of %s is not \"key = value\"", line,
                                 name);
        buffer_append(&key, p, (size_t)(key_end - p));
        p = equals + 1;
        trim(&p, &end);
        buffer_append(&value, p, (size_t)(end - p));
        return visit(data, buffer_text(&key), buffer_text(&value), line, err);
}

ErrorCode config_file_parse(const char *text, size_t size, const char *name, ConfigFileVisit visit,
                            void *data, Error *err)
{
        const char *p = text, *end = text + size;
        ErrorCode code = ERROR_NONE;

        for (unsigned line = 1; !code && p < end; line++) {
                const char *newline = memchr(p, '\n', (size_t)(end - p));
                const char *stop = newline ? newline : end;

                code = parse_line(p, stop, name, line, visit, data, err);
                p = newline ? newline + 1 : end;
        }
        return code;
}

ErrorCode config_file_read(const char *path, ConfigFileVisit visit, void *data, Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        _cleanup_(filep) FILE *file = fopen(path, "re");
        size_t n;

        if (!file)
                return error_set(err, ERROR_INVALID, "could not read \"%s\": %s", path,
                                 strerrordesc_np(errno));
        do {
                n = fread(buffer_reserve(&text, 4096), 1, 4096, file);
                text.size += n;
        } while (n && text.size <= FILE_BYTES_MAX);
        if (ferror(file))
                return error_set(err, ERROR_INVALID, "could not read \"%s\": %s", path,
                                 strerrordesc_np(errno));
        if (text.size > FILE_BYTES_MAX)
                return error_set(err, ERROR_INVALID, "\"%s\" is no configuration: over %zu bytes",
                                 path, FILE_BYTES_MAX);
        return config_file_parse(text.data, text.size, path, visit, data, err);
}
