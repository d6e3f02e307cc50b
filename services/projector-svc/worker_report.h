#pragma once

/*
 * worker_report.h — what a worker tells others of itself, while it runs.
 */

#include <stdatomic.h>

#include "feed.h"
#include "view_metrics.h"

typedef struct ViewWorkerHealth {
        bool postgresql; /* the session works */
        bool kafka;      /* the brokers have answered lately */
        bool held;       /* an event cannot be applied */
        bool over;       /* the version has another role by now, and the thread has ended */
        int64_t parked;  /* aggregates, since one of their events cannot */
        int64_t lag;     /* stored events of its log partitions that it does not show */
        int64_t heads; /* last positions of all logs that feed it, added up; rises while commands come in */
} ViewWorkerHealth;

/* All false and 0 at first. Written by the worker's thread. */
typedef struct WorkerReport {
        int64_t held_counted; /* our part of the gauge */
        atomic_bool postgresql, kafka, held, over;
        atomic_int_least64_t parked, lag, heads;
} WorkerReport;

/* Which feeds wait, how many aggregates of ours are parked. */
void worker_report_feeds(WorkerReport *report, const ViewMetrics *metrics, const FeedList *feeds,
                         size_t n_parked);

/* Whether the brokers answer; a log line says when that changes. */
void worker_report_kafka(WorkerReport *report, const char *view, bool ok);

/* Thread: any. */
ViewWorkerHealth worker_report_read(const WorkerReport *report);

/* Of several workers of one version: they are well when all are, and behind by what all of them are. */
void view_worker_health_add(ViewWorkerHealth *sum, const ViewWorkerHealth *worker);
