#pragma once

/*
 * change_publisher.h — the thread that brings a view's committed changes to Kafka, in order and all of them.
 *
 * One instance at a time publishes a view's changes (a lease); a stale one can at worst repeat some. Only what
 * is on disk is published, so that no crash of PostgreSQL takes back what Kafka has. After a crash it goes on behind
 * what is noted as acknowledged.
 */

#include "common/model/model.h"
#include "projector_config.h"

typedef struct ChangePublisher ChangePublisher;

/* @config and @model outlive it. */
_must_check_ ErrorCode change_publisher_new(ChangePublisher **ret, const ProjectorConfig *config,
                                            const Model *model, Error *err);
void change_publisher_free(ChangePublisher *publisher); /* stopped, or never started */
DEFINE_CLEANUP(ChangePublisher *, change_publisher_free)

_must_check_ ErrorCode change_publisher_start(ChangePublisher *publisher, Error *err);

/* Publish what is committed, then end the thread: change_publisher_stop() waits for it. NULL is fine for both. */
void change_publisher_tell(ChangePublisher *publisher);

/* Tell it, when nobody has, and wait until the thread has ended; what is left at the deadline is published by the next one. */
void change_publisher_stop(ChangePublisher *publisher);

/* Changes may have been committed. Thread: any; NULL is fine. */
void change_publisher_wake(ChangePublisher *publisher);
