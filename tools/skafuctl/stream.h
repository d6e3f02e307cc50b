#pragma once

/*
 * stream.h — `skafuctl events`: the stream of one aggregate.
 */

int skafuctl_events(int argc, char **argv);
