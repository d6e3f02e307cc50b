#pragma once

/*
 * view_worker.h — the thread that keeps one view up to date. It recovers by itself from whatever PostgreSQL
 * and Kafka do to it.
 */

#include "common/model/model.h"
#include "projector_config.h"

typedef struct ViewWorker ViewWorker;

/* @config and @schema outlive the worker. Errors as view_new(). */
_must_check_ ErrorCode view_worker_new(ViewWorker **ret, const ProjectorConfig *config,
                                       const Schema *schema, const Model *model, Error *err);
void view_worker_free(ViewWorker *worker);
DEFINE_CLEANUP(ViewWorker *, view_worker_free)

/**
 * view_worker_start() - open the view and start the thread
 *
 * A server that cannot be reached is waited for in the thread.
 * Return: ERROR_NONE; ERROR_INVALID when the view was made from another schema.graphql.
 */
_must_check_ ErrorCode view_worker_start(ViewWorker *worker, Error *err);

/* Finish the batch at hand, give the log partitions up, end the thread. */
void view_worker_stop(ViewWorker *worker);

typedef struct ViewWorkerHealth {
        const char *view;
        bool postgresql; /* the session works */
        bool kafka;      /* the brokers have answered lately */
        bool held;       /* an event cannot be applied */
        int64_t parked;  /* aggregates, since one of their events cannot */
} ViewWorkerHealth;

/* Thread: any. */
ViewWorkerHealth view_worker_health(const ViewWorker *worker);
