#pragma once

/*
 * view_metrics.h — what a view counts.
 */

#include "common/daemon/metrics.h"

typedef struct ViewMetrics {
        Metric *events, *batches, *repeats, *gaps, *filled, *undecodable, *failures, *fenced;
        Metric *parkings, *drops;
        Metric *repaired, *repaired_rows, *repairs_left_out;
        Metric *held, *parked;
        Metric *apply_time, *visible_time;
} ViewMetrics;

void view_metrics_init(ViewMetrics *metrics, const char *view);
