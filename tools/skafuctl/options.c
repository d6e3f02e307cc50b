#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skafuctl.h"

static void print_help(const Option *table, const char *usage)
{
        (void)printf("usage: skafuctl %s\n\n", usage);
        for (const Option *option = table; option->name; option++) {
                (void)printf(option->kind == OPTION_ARGUMENT ? "  %s\n"
                             : option->kind == OPTION_FLAG   ? "  --%s\n"
                                                             : "  --%s VALUE\n",
                             option->name);
                (void)printf("        %s", option->help);
                if (option->environment)
                        (void)printf("; else %s", option->environment);
                if (option->fallback && *option->fallback)
                        (void)printf("; else %s", option->fallback);
                (void)putchar('\n');
        }
}

static const Option *find(const Option *table, const char *name, size_t size)
{
        for (; table->name; table++)
                if (table->kind != OPTION_ARGUMENT && strlen(table->name) == size &&
                    memcmp(table->name, name, size) == 0)
                        return table;
        return NULL;
}

/* The next plain argument that the subcommand takes; NULL when it has them all. */
static const Option *find_argument(const Option *table, const bool *given)
{
        for (const Option *option = table; option->name; option++)
                if (option->kind == OPTION_ARGUMENT && !given[option - table])
                        return option;
        return NULL;
}

static bool store(const Option *option, void *options, const char *text)
{
        char *field = (char *)options + option->offset, *end;
        long value;

        switch (option->kind) {
        case OPTION_TEXT:
        case OPTION_ARGUMENT:
                *(const char **)(void *)field = text;
                return true;
        case OPTION_INT:
                errno = 0;
                value = strtol(text, &end, 10);
                if (errno || *end || end == text || value < 0 || value > INT_MAX) {
                        (void)fprintf(stderr, "skafuctl: --%s must be a number, not \"%s\"\n",
                                      option->name, text);
                        return false;
                }
                *(int *)(void *)field = (int)value;
                return true;
        case OPTION_FLAG:
                *(bool *)(void *)field = true;
                return true;
        }
        return false;
}

/* What stands in the environment or the table for an option that was not given. */
static bool store_fallback(const Option *option, void *options)
{
        /* The command line's defaults are the environment that ./dev writes. */
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): no thread changes the environment */
        const char *text = option->environment ? getenv(option->environment) : NULL;

        if (!text || !*text)
                text = option->fallback;
        if (text)
                return store(option, options, text);
        if (option->kind != OPTION_TEXT && option->kind != OPTION_ARGUMENT)
                return true;
        (void)fprintf(stderr, "skafuctl: %s%s is missing",
                      option->kind == OPTION_ARGUMENT ? "" : "--", option->name);
        if (option->environment)
                (void)fprintf(stderr, ", and %s is not set", option->environment);
        (void)fputc('\n', stderr);
        return false;
}

/* One argument at argv[*at]; moves on over its value. */
static bool parse_one(const Option *table, const bool *given, void *options, int argc, char **argv,
                      int *at, const Option **ret)
{
        const char *name = argv[*at];
        size_t size = strcspn(name, "=");
        const Option *option = NULL;

        if (strncmp(name, "--", 2) != 0) {
                option = find_argument(table, given);
                *ret = option;
                if (option)
                        return store(option, options, name);
        } else {
                option = find(table, name + 2, size - 2);
        }
        if (!option) {
                (void)fprintf(stderr, "skafuctl: unknown argument \"%s\"\n", name);
                return false;
        }
        *ret = option;
        if (option->kind == OPTION_FLAG && name[size] != '=')
                return store(option, options, "");
        if (option->kind == OPTION_FLAG) {
                (void)fprintf(stderr,
                              "skafuctl: --%s takes no value: it is there or not, so not \"%s\"\n",
                              option->name, name);
                return false;
        }
        if (name[size] == '=')
                return store(option, options, name + size + 1);
        if (*at + 1 >= argc) {
                (void)fprintf(stderr, "skafuctl: --%s needs a value\n", option->name);
                return false;
        }
        return store(option, options, argv[++*at]);
}

int options_parse(const Option *table, const char *usage, void *options, int argc, char **argv)
{
        bool given[32] = { false };

        for (int i = 1; i < argc; i++) {
                const Option *option = NULL;

                if (strcmp(argv[i], "--help") == 0) {
                        print_help(table, usage);
                        return EXIT_OK;
                }
                if (!parse_one(table, given, options, argc, argv, &i, &option))
                        return EXIT_BAD_USAGE;
                given[option - table] = true;
        }
        for (const Option *option = table; option->name; option++)
                if (!given[option - table] && !store_fallback(option, options))
                        return EXIT_BAD_USAGE;
        return -1;
}
