#pragma once

/*
 * tail.h — `skafuctl tail`: events as they are stored, and those before if asked for.
 */

int skafuctl_tail(int argc, char **argv);
