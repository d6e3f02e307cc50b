#pragma once

/*
 * status.h — `skafuctl status`: do the services answer, and what is there.
 */

int skafuctl_status(int argc, char **argv);
