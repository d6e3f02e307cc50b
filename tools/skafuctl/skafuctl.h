#pragma once

/*
 * skafuctl.h — the subcommands of the operators' command line.
 */

/* Exit codes of every subcommand. */
enum {
        EXIT_OK = 0,
        EXIT_FAILED = 1, /* it was tried and failed, or `verify` found a disagreement */
        EXIT_BAD_USAGE = 2,
};

typedef struct Subcommand {
        const char *name;
        const char *summary;               /* one line */
        int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
} Subcommand;

/* Run by main(): apply what is missing of the database's migrations. */
int skafuctl_migrate(int argc, char **argv);

/* Compare store, topics and views. */
int skafuctl_verify(int argc, char **argv);
