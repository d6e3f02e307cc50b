#pragma once

/*
 * view_crew.h — the workers of one version in this process, and the publisher of its changes.
 *
 * They share the version's log partitions with each other just as they do with those of other instances: each has a
 * session of its own, and PostgreSQL knows who owns what.
 */

#include "view_worker.h"

typedef struct ViewCrew ViewCrew;

/**
 * view_crew_new() - a crew without its workers
 * @config:     outlives the crew
 * @published:  whose changes its publisher brings to Kafka, outlives the crew; NULL: it needs no publisher
 * @n_workers:  that will be added
 */
_must_check_ ErrorCode view_crew_new(ViewCrew **ret, const ProjectorConfig *config,
                                     const Model *published, size_t n_workers, Error *err);

/* Stops it when nobody has. */
void view_crew_free(ViewCrew *crew);

/* Add a worker: arguments and errors as view_worker_new(). */
_must_check_ ErrorCode view_crew_add(ViewCrew *crew, View *view, const BuildOrder *order,
                                     const char *live_schema, Error *err);

/* Start the threads; some may run also when one cannot be started. */
_must_check_ ErrorCode view_crew_start(ViewCrew *crew, Error *err);

/* In three steps, so that many crews stop at the same time: tell the workers; wait for them, and tell the publisher, which
 * brings what they have committed to Kafka; wait for it. Each does what was left out before it. */
void view_crew_tell(ViewCrew *crew);
void view_crew_await_workers(ViewCrew *crew);
void view_crew_stop(ViewCrew *crew);

/* Thread: any, while the crew is not changed. */
ViewWorkerHealth view_crew_health(const ViewCrew *crew);
