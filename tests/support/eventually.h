#pragma once

/*
 * eventually.h — wait for a condition, not for a time.
 *
 * ck_assert(eventually(5000, count_events(conn) == 3));
 */

#include <poll.h>
#include <stdbool.h>

#include "common/base/clock.h"

#define EVENTUALLY_PAUSE_MS 5

/* True as soon as @condition is; false when it is not so within @timeout_ms. Evaluated once at least. */
#define eventually(timeout_ms, condition)                                          \
        ({                                                                         \
                int64_t until_us_ = clock_monotonic_us() + (timeout_ms)*US_PER_MS; \
                bool met_;                                                         \
                                                                                   \
                while (!(met_ = (condition)) && clock_monotonic_us() < until_us_)  \
                        (void)poll(NULL, 0, EVENTUALLY_PAUSE_MS);                  \
                met_;                                                              \
        })
