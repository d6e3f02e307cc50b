#pragma once

/*
 * stream.h — `skafuctl events`: the stream of one aggregate, or the state that it gives.
 */

int skafuctl_events(int argc, char **argv);
