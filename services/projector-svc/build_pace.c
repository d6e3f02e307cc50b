#include "build_pace.h"

#include "common/base/clock.h"

#define BUSY_LOOKS       3                /* of a worker at the heads: so long after a command, commands come in */
#define BUSY_MIN_US      (3 * US_PER_SEC) /* and at least */
#define READ_US          (3 * US_PER_SEC) /* the same of reads */
#define COUNT_US         US_PER_SEC       /* PostgreSQL's sessions tell about once a second what they did */
#define SCANS_A_SECOND   50               /* fewer do not count */
#define MAKE_WAY_PERCENT 10               /* while live views lag */

static bool commands_come_in(BuildPace *pace, const BuildLook *look)
{
        int64_t busy_us = BUSY_LOOKS * pace->config->refresh_ms * US_PER_MS;

        if (pace->heads && look->heads > pace->heads)
                pace->busy_until_us =
                        look->now_us + (busy_us > BUSY_MIN_US ? busy_us : BUSY_MIN_US);
        pace->heads = look->heads;
        return look->now_us < pace->busy_until_us;
}

/* Until it has been counted once, rows are taken to be read. */
static bool rows_are_read(BuildPace *pace, const BuildLook *look)
{
        int64_t passed_us = look->now_us - pace->scans_us;

        if (pace->scans_us && passed_us < COUNT_US)
                return look->now_us < pace->read_until_us;
        if (!pace->scans_us)
                pace->read_until_us = look->now_us + COUNT_US;
        else if ((look->scans - pace->scans) * US_PER_SEC >= (int64_t)SCANS_A_SECOND * passed_us)
                pace->read_until_us = look->now_us + READ_US;
        pace->scans = look->scans;
        pace->scans_us = look->now_us;
        return look->now_us < pace->read_until_us;
}

static int64_t least(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

int build_pace_percent(BuildPace *pace, const BuildLook *look)
{
        int64_t percent = 100;

        if (rows_are_read(pace, look))
                percent = least(percent, pace->config->rebuild_read_percent);
        if (commands_come_in(pace, look))
                percent = least(percent, pace->config->rebuild_busy_percent);
        if (look->lag > pace->config->rebuild_lag_max)
                percent = least(percent, MAKE_WAY_PERCENT);
        if (percent < 100 && look->n_builds > 1)
                percent /= (int64_t)look->n_builds;
        return percent > 0 ? (int)percent : 1;
}

void build_pace_rest(BuildPace *pace, const BuildLook *look)
{
        (void)commands_come_in(pace, look);
        pace->scans_us = 0;
        pace->read_until_us = 0;
}
