#pragma once

/*
 * rebuild.h — `skafuctl rebuild`: a view made again beside the live one.
 */

int skafuctl_rebuild(int argc, char **argv);
