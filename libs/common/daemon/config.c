#include "common/daemon/config.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buffer.h"
#include "common/base/utf8.h"
#include "common/daemon/config_file.h"

/* What one load works on. */
typedef struct Loading {
        const ConfigItem *items;
        void *config;
        bool *is_set;      /* per item: some source gave it, or it has a default */
        unsigned *line_of; /* per item: the line of the file that set it, 0 for none */
        const char *file;
} Loading;

static size_t count_items(const ConfigItem *items)
{
        size_t n = 0;

        while (items[n].key)
                n++;
        return n;
}

static void *member(const ConfigItem *item, void *config)
{
        return (char *)config + item->offset;
}

static const void *const_member(const ConfigItem *item, const void *config)
{
        return (const char *)config + item->offset;
}

static ErrorCode set_int(const ConfigItem *item, int64_t *ret, const char *text, const char *source,
                         Error *err)
{
        char *end;
        long long value;

        errno = 0;
        value = strtoll(text, &end, 10);
        if (end == text || *end || isspace((unsigned char)*text) || errno || value < item->min ||
            value > item->max)
                return error_set_field(err, ERROR_INVALID, item->key,
                                       "%s: %s is \"%.64s\", which is not a whole number from "
                                       "%" PRId64 " to %" PRId64,
                                       source, item->key, text, item->min, item->max);
        *ret = value;
        return ERROR_NONE;
}

static ErrorCode set_bool(const ConfigItem *item, bool *ret, const char *text, const char *source,
                          Error *err)
{
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
                return error_set_field(err, ERROR_INVALID, item->key,
                                       "%s: %s is \"%.64s\", which is neither true nor false",
                                       source, item->key, text);
        *ret = *text == 't';
        return ERROR_NONE;
}

static ErrorCode set_string(const ConfigItem *item, char **ret, const char *text,
                            const char *source, Error *err)
{
        _cleanup_(freep) char *copy = NULL;

        if (!utf8_valid(text, strlen(text)) || strpbrk(text, "\n\r"))
                return error_set_field(err, ERROR_INVALID, item->key,
                                       "%s: %s is not one line of UTF-8 text", source, item->key);
        copy = strdup(text);
        if (!copy)
                return error_no_memory(err);
        free(*ret);
        *ret = TAKE_PTR(copy);
        return ERROR_NONE;
}

static ErrorCode set_value(Loading *loading, size_t index, const char *text, const char *source,
                           Error *err)
{
        const ConfigItem *item = &loading->items[index];
        void *target = member(item, loading->config);
        ErrorCode code;

        if (item->kind == CONFIG_INT)
                code = set_int(item, target, text, source, err);
        else if (item->kind == CONFIG_BOOL)
                code = set_bool(item, target, text, source, err);
        else
                code = set_string(item, target, text, source, err);
        if (!code)
                loading->is_set[index] = true;
        return code;
}

/* Index of the item called @key, @size bytes in which @dash stands for '_'; -1 when there is none. */
static ssize_t find_item(const ConfigItem *items, const char *key, size_t size, char dash)
{
        for (size_t i = 0; items[i].key; i++) {
                size_t n = 0;

                while (n < size && items[i].key[n] &&
                       key[n] == (items[i].key[n] == '_' ? dash : items[i].key[n]))
                        n++;
                if (n == size && !items[i].key[n])
                        return (ssize_t)i;
        }
        return -1;
}

static ErrorCode set_from_line(void *data, const char *key, const char *value, unsigned line,
                               Error *err)
{
        Loading *loading = data;
        ssize_t index = find_item(loading->items, key, strlen(key), '_');
        char source[192];

        (void)snprintf(source, sizeof source, "line %u of %.160s", line, loading->file);
        if (index < 0)
                return error_set_field(err, ERROR_INVALID, key, "%s: there is no key \"%.64s\"",
                                       source, key);
        if (loading->line_of[index])
                return error_set_field(err, ERROR_INVALID, key,
                                       "%s: %.64s was set in line %u already", source, key,
                                       loading->line_of[index]);
        loading->line_of[index] = line;
        return set_value(loading, (size_t)index, value, source, err);
}

static void environment_name(const char *key, char *ret_name, size_t size)
{
        (void)snprintf(ret_name, size, "SKAFU_%s", key);
        for (char *p = ret_name; *p; p++)
                *p = (char)toupper((unsigned char)*p);
}

static ErrorCode set_from_environment(Loading *loading, Error *err)
{
        for (size_t i = 0; loading->items[i].key; i++) {
                char name[128];
                const char *text;
                ErrorCode code;

                environment_name(loading->items[i].key, name, sizeof name);
                /* main() loads the configuration before there is a second thread */
                text = getenv(name); /* NOLINT(concurrency-mt-unsafe) */
                if (!text)
                        continue;
                code = set_value(loading, i, text, name, err);
                if (code)
                        return code;
        }
        return ERROR_NONE;
}

static ErrorCode set_from_flags(Loading *loading, int argc, char **argv, Error *err)
{
        for (int i = 1; i < argc; i++) {
                const char *name = argv[i], *value;
                size_t size = strcspn(name, "=");
                ssize_t index;
                char source[96];
                ErrorCode code;

                if (strncmp(name, "--", 2) != 0)
                        return error_set(err, ERROR_INVALID, "unexpected argument \"%.64s\"", name);
                (void)snprintf(source, sizeof source, "%.*s", (int)(size < 80 ? size : 80), name);
                index = find_item(loading->items, name + 2, size - 2, '-');
                if (index < 0)
                        return error_set(err, ERROR_INVALID,
                                         "there is no flag \"%s\"; --help lists them", source);
                if (name[size])
                        value = name + size + 1;
                else if (i + 1 < argc)
                        value = argv[++i];
                else
                        return error_set(err, ERROR_INVALID, "%s needs a value", source);
                code = set_value(loading, (size_t)index, value, source, err);
                if (code)
                        return code;
        }
        return ERROR_NONE;
}

static ErrorCode set_defaults(Loading *loading, Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && loading->items[i].key; i++) {
                if (loading->items[i].default_text)
                        code = set_value(loading, i, loading->items[i].default_text, "default",
                                         err);
        }
        return code;
}

static ErrorCode check_required(const Loading *loading, Error *err)
{
        for (size_t i = 0; loading->items[i].key; i++) {
                const char *key = loading->items[i].key;
                char name[128];

                if (loading->is_set[i])
                        continue;
                environment_name(key, name, sizeof name);
                return error_set_field(err, ERROR_INVALID, key,
                                       "%s is not set: give it in the file, as %s or as a flag",
                                       key, name);
        }
        return ERROR_NONE;
}

ErrorCode config_load(const ConfigItem *items, void *config, const char *file, int argc,
                      char **argv, Error *err)
{
        size_t n = count_items(items);
        _cleanup_(freep) bool *is_set = calloc(n + 1, sizeof *is_set);
        _cleanup_(freep) unsigned *line_of = calloc(n + 1, sizeof *line_of);
        Loading loading = { items, config, is_set, line_of, file };
        ErrorCode code;

        if (!is_set || !line_of)
                return error_no_memory(err);
        code = set_defaults(&loading, err);
        if (!code && file)
                code = config_file_read(file, set_from_line, &loading, err);
        if (!code)
                code = set_from_environment(&loading, err);
        if (!code)
                code = set_from_flags(&loading, argc, argv, err);
        if (!code)
                code = check_required(&loading, err);
        return code;
}

void config_deinit(const ConfigItem *items, void *config)
{
        for (; items->key; items++) {
                if (items->kind == CONFIG_STRING || items->kind == CONFIG_SECRET) {
                        char **text = member(items, config);

                        free(*text);
                        *text = NULL;
                }
        }
}

void config_print(const ConfigItem *items, const void *config)
{
        for (; items->key; items++) {
                const void *value = const_member(items, config);
                const char *text = NULL;

                switch (items->kind) {
                case CONFIG_INT:
                        (void)printf("%s = %" PRId64 "\n", items->key, *(const int64_t *)value);
                        continue;
                case CONFIG_BOOL:
                        text = *(const bool *)value ? "true" : "false";
                        break;
                case CONFIG_STRING:
                        text = *(char *const *)value;
                        break;
                case CONFIG_SECRET:
                        text = *(char *const *)value;
                        if (text && *text)
                                text = "***";
                        break;
                }
                (void)printf("%s = %s\n", items->key, text ? text : "");
        }
}

void config_print_help(const ConfigItem *items)
{
        for (; items->key; items++) {
                _cleanup_(buffer_deinit) Buffer flag = BUFFER_INIT;

                buffer_printf(&flag, "--%s VALUE", items->key);
                for (size_t i = 2; i < flag.size; i++) {
                        if (flag.data[i] == '_')
                                flag.data[i] = '-';
                }
                (void)printf("  %-34s %s", flag.data, items->help);
                if (items->kind == CONFIG_INT)
                        (void)printf(" (%" PRId64 " to %" PRId64 ")", items->min, items->max);
                else if (items->kind == CONFIG_BOOL)
                        (void)printf(" (true or false)");
                if (!items->default_text)
                        (void)printf(" [required]\n");
                else if (*items->default_text)
                        (void)printf(" [%s]\n", items->default_text);
                else
                        (void)printf("\n");
        }
}
