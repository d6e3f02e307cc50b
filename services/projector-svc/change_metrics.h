#pragma once

/*
 * change_metrics.h — what the publisher of a view's changes counts.
 */

#include "common/daemon/metrics.h"

typedef struct ChangeMetrics {
        Metric *position, *backlog, *lag, *restarts;
        Metric *publish_time;
} ChangeMetrics;

void change_metrics_init(ChangeMetrics *metrics, const char *view);
