#pragma once

/*
 * view_worker.h — the thread that keeps one version of a view up to date, or builds it. It recovers by itself
 * from whatever PostgreSQL and Kafka do to it, and ends when its version has another role.
 */

#include "view_builder.h"

typedef struct ViewWorker ViewWorker;

/**
 * view_worker_new() - the worker of one version
 * @view:         with its version and role; the worker's from now on, also on failure
 * @order:        how to build it; NULL when it is live. Outlives the worker, as @config does
 * @live_schema:  of the version beside which it is built, NULL when there is none
 */
_must_check_ ErrorCode view_worker_new(ViewWorker **ret, const ProjectorConfig *config, View *view,
                                       const BuildOrder *order, const char *live_schema,
                                       Error *err);
void view_worker_free(ViewWorker *worker);
DEFINE_CLEANUP(ViewWorker *, view_worker_free)

/* Start the thread. A server that cannot be reached is waited for there. */
_must_check_ ErrorCode view_worker_start(ViewWorker *worker, Error *err);

/* Finish the batch at hand, give the log partitions up, end the thread. */
void view_worker_stop(ViewWorker *worker);

typedef struct ViewWorkerHealth {
        const char *view;
        bool postgresql; /* the session works */
        bool kafka;      /* the brokers have answered lately */
        bool held;       /* an event cannot be applied */
        int64_t parked;  /* aggregates, since one of their events cannot */
        bool over;       /* the version has another role by now, and the thread has ended */
        int64_t lag;     /* stored events of its log partitions that it does not show */
        int64_t heads; /* last positions of all logs that feed it, added up; rises while commands come in */
} ViewWorkerHealth;

/* Thread: any. */
ViewWorkerHealth view_worker_health(const ViewWorker *worker);
