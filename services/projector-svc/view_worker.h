#pragma once

/*
 * view_worker.h — a thread that keeps a version of a view up to date, or builds it, as far as its log partitions go. It
 * recovers by itself from whatever PostgreSQL and Kafka do to it, and ends when its version has another role.
 */

#include "view_builder.h"
#include "view_peers.h"
#include "worker_report.h"

typedef struct ViewWorker ViewWorker;

/**
 * view_worker_new() - a worker of one version
 * @view:         with its version and role; the worker's from now on, also on failure
 * @order:        how to build it; NULL when it is live. Outlives the worker, as @config does
 * @live_schema:  of the version beside which it is built, NULL when there is none
 * @peers:        what it shares with the other workers of the version, outlives it; NULL: it is alone, without a change feed
 */
_must_check_ ErrorCode view_worker_new(ViewWorker **ret, const ProjectorConfig *config, View *view,
                                       const BuildOrder *order, const char *live_schema,
                                       ViewPeers *peers, Error *err);
void view_worker_free(ViewWorker *worker);
DEFINE_CLEANUP(ViewWorker *, view_worker_free)

/* Start the thread. A server that cannot be reached is waited for there. */
_must_check_ ErrorCode view_worker_start(ViewWorker *worker, Error *err);

/* Finish the batch at hand, give the log partitions up, end the thread: view_worker_stop() waits for it. */
void view_worker_tell(ViewWorker *worker);
void view_worker_stop(ViewWorker *worker); /* tells it, when nobody has */

/* Thread: any. */
ViewWorkerHealth view_worker_health(const ViewWorker *worker);
