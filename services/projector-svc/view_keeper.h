#pragma once

/*
 * view_keeper.h — the thread that looks after the workers: a crew for every version that is live or built and that
 * this instance may feed.
 *
 * What is to be done stands in the registry (projection.views, projection.rebuilds), where every instance reads
 * it; nothing is asked of an instance in particular.
 */

#include "view_workers.h"

typedef struct ViewKeeper ViewKeeper;

/* @config and @schema outlive the keeper. */
_must_check_ ErrorCode view_keeper_new(ViewKeeper **ret, const ProjectorConfig *config,
                                       const Schema *schema, Error *err);
void view_keeper_free(ViewKeeper *keeper);
DEFINE_CLEANUP(ViewKeeper *, view_keeper_free)

/**
 * view_keeper_start() - register the models of the schema and start the thread
 *
 * A server that cannot be reached is waited for in the thread.
 * Return: ERROR_NONE; ERROR_INVALID when stored events cannot become rows of the schema's models.
 */
_must_check_ ErrorCode view_keeper_start(ViewKeeper *keeper, Error *err);

/* Finish the batches at hand, give the log partitions up, end the threads. */
void view_keeper_stop(ViewKeeper *keeper);

/* Somebody has asked for something: look at the registry now. Thread: any. */
void view_keeper_wake(ViewKeeper *keeper);

/* Thread: any. */
ViewWorkersHealth view_keeper_health(ViewKeeper *keeper);
