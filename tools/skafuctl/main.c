#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "completion.h"
#include "parked.h"
#include "rebuild.h"
#include "replay.h"
#include "report.h"
#include "skafuctl.h"
#include "status.h"
#include "stream.h"
#include "tail.h"

static const Subcommand subcommands[] = {
        { "migrate", "bring the database's schema up to this version", skafuctl_migrate },
        { "verify", "prove that store, topics and views agree, or say where they do not",
          skafuctl_verify },
        { "status", "do the services answer, and what is there", skafuctl_status },
        { "lag", "how far topics and views are behind the event store", skafuctl_lag },
        { "views", "the versions of every view", skafuctl_views },
        { "tail", "follow events as they are stored", skafuctl_tail },
        { "events", "the stream of one aggregate, or its state at a version or time",
          skafuctl_events },
        { "replay", "have past events published again", skafuctl_replay },
        { "replays", "replays and how far they are; pause, resume or cancel one",
          skafuctl_replays },
        { "parked", "aggregates that a view holds back; retry them, drop an event",
          skafuctl_parked },
        { "rebuild", "make a view again beside the live one, and switch", skafuctl_rebuild },
        { "completion", "completes subcommands and options in a shell", skafuctl_completion },
};

static void print_help(FILE *out)
{
        (void)fputs("usage: skafuctl SUBCOMMAND [OPTION…]\n\n", out);
        for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++)
                (void)fprintf(out, "  %-10s %s\n", subcommands[i].name, subcommands[i].summary);
        (void)fputs("\nskafuctl SUBCOMMAND --help tells more.\n"
                    "Exit codes: 0 done, 1 failed or found wrong, 2 bad usage.\n",
                    out);
}

static int run(int argc, char **argv)
{
        if (argc < 2) {
                print_help(stderr);
                return EXIT_BAD_USAGE;
        }
        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
                print_help(stdout);
                return EXIT_OK;
        }
        if (strcmp(argv[1], "--version") == 0) {
                (void)puts("skafuctl " SKAFU_VERSION);
                return EXIT_OK;
        }
        for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++)
                if (strcmp(argv[1], subcommands[i].name) == 0)
                        return subcommands[i].run(argc - 1, argv + 1);
        (void)fprintf(stderr, "skafuctl: there is no subcommand \"%s\"; see skafuctl --help\n",
                      argv[1]);
        return EXIT_BAD_USAGE;
}

/* What could not be shown was not done: a full disk must not look like an empty answer. */
int main(int argc, char **argv)
{
        int code = run(argc, argv);

        errno = 0;
        if (fflush(stdout) == 0 && !ferror(stdout))
                return code;
        (void)fprintf(stderr, "skafuctl: could not write to standard output%s%s\n",
                      errno ? ": " : "", errno ? strerrordesc_np(errno) : "");
        return code == EXIT_OK ? EXIT_FAILED : code;
}
