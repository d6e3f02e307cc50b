#pragma once

/*
 * report.h — the subcommands that ask the database one question and show the answer.
 */

/* How far topics and views are behind the event store. */
int skafuctl_lag(int argc, char **argv);

/* The versions of every view. */
int skafuctl_views(int argc, char **argv);
