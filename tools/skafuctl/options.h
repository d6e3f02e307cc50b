#pragma once

/*
 * options.h — the options of a subcommand: one table parses, explains, and reads the environment.
 */

#include <stdbool.h>
#include <stddef.h>

typedef enum OptionKind {
        OPTION_TEXT,     /* const char * */
        OPTION_INT,      /* int, not negative */
        OPTION_FLAG,     /* bool */
        OPTION_ARGUMENT, /* const char *; a plain argument, in the order of the table */
} OptionKind;

typedef struct Option {
        const char *name; /* "pg-url": --pg-url VALUE, and SKAFU_PG_URL where .environment is set */
        OptionKind kind;
        size_t offset;           /* in the options struct */
        const char *environment; /* NULL: none */
        const char *fallback;    /* NULL: required (text, argument), 0 (int); "": not needed */
        const char *help;        /* one line */
} Option;

/**
 * options_parse() - fill @options from the command line, then the environment, then fallbacks
 * @table:  ends with { NULL }
 * @usage:  of --help: the subcommand with its arguments, then paragraphs that explain it
 *
 * Return: -1 to go on; otherwise the exit code: --help was printed, or what is wrong was.
 */
int options_parse(const Option *table, const char *usage, void *options, int argc, char **argv);
