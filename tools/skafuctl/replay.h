#pragma once

/*
 * replay.h — `skafuctl replay` and `skafuctl replays`: past events published again, or a view's rows repaired by
 * them.
 */

int skafuctl_replay(int argc, char **argv);
int skafuctl_replays(int argc, char **argv);
