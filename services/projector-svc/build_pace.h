#pragma once

/*
 * build_pace.h — of which part of its time each build works: all of it, unless somebody else needs the machine.
 */

#include <stddef.h>
#include <stdint.h>

#include "projector_config.h"

typedef struct BuildPace {
        const ProjectorConfig *config;
        int64_t heads;         /* of the last look */
        int64_t busy_until_us; /* commands are taken to come in */
        int64_t scans, scans_us;
        int64_t read_until_us; /* rows are taken to be read */
} BuildPace;

/* What there is to see now. */
typedef struct BuildLook {
        int64_t now_us; /* clock_monotonic_us() */
        int64_t heads;  /* of all logs that feed live views, together; 0: not known yet */
        int64_t scans;  /* of the rows of live views, ever */
        int64_t lag;    /* of live views, in events */
        size_t n_builds;
} BuildLook;

/* Percent of its time that each build may work, 1 to 100: what all may take together is shared among them. To be asked about
 * once a second, or more often. */
int build_pace_percent(BuildPace *pace, const BuildLook *look);

/* Instead while nothing is built: ->scans need not be known. */
void build_pace_rest(BuildPace *pace, const BuildLook *look);
