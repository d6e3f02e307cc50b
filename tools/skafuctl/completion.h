#pragma once

/*
 * completion.h — `skafuctl completion`: what a shell sources to complete subcommands and options.
 */

int skafuctl_completion(int argc, char **argv);
