#pragma once

/*
 * metrics.h — counters, gauges and latency histograms, shown in Prometheus' text format.
 *
 * Made once at start, then changed without locks. Names: skafu_<what>_total, …_seconds.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"

typedef struct Metric Metric;

/* Register. @name and @help are static text; @labels, "view=\"project\"" or NULL, are copied.
 * The same name and labels give the same metric. Never freed. Thread: any. */
Metric *metric_counter(const char *name, const char *labels, const char *help);
Metric *metric_gauge(const char *name, const char *labels, const char *help);
Metric *metric_duration(const char *name, const char *labels,
                        const char *help); /* gauge, seconds */
Metric *metric_histogram(const char *name, const char *labels, const char *help); /* seconds */

void metric_add(Metric *metric, int64_t n);
void metric_set(Metric *metric, int64_t value);
void metric_set_us(Metric *metric, int64_t duration_us); /* negative: two clocks that disagree, 0 */
void metric_observe_us(Metric *metric, int64_t duration_us);

/* Of a gauge that several add to: this one's part is @value from now on. @part: the caller's, 0 at first. */
void metric_set_part(Metric *metric, int64_t *part, int64_t value);

/* Of a gauge that has one owner at a time: whoever took it last is to be heard, a former owner no more.
 * @owner: anything's address. */
void metric_take(Metric *metric, const void *owner);
bool metric_is_of(const Metric *metric, const void *owner);

int64_t metric_value(const Metric *metric); /* counter, gauge, or microseconds */

/* Everything registered, in text format. */
void metrics_write(Buffer *buffer);
