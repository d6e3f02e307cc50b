#pragma once

/*
 * parked.h — `skafuctl parked`: what views hold back because an event cannot be applied.
 */

int skafuctl_parked(int argc, char **argv);
