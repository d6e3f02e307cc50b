#pragma once

/*
 * undecodable.h — messages of event topics that are not the event at their position, set aside with all their bytes.
 *
 * They are collected in memory and stored before any batch behind them is committed. What they should have been
 * is read from the event store.
 */

#include <librdkafka/rdkafka.h>

#include "common/pg/pg_conn.h"
#include "projector_config.h"

typedef struct UndecodableList UndecodableList;

_must_check_ ErrorCode undecodable_list_new(UndecodableList **ret, Error *err);
void undecodable_list_free(UndecodableList *list);
DEFINE_CLEANUP(UndecodableList *, undecodable_list_free)

/* Copy @message, and why it is not what it should be. */
void undecodable_list_add(UndecodableList *list, const rd_kafka_message_t *message,
                          const char *reason);

/* Whether it must be stored before more is added. */
bool undecodable_list_is_full(const UndecodableList *list);

/**
 * undecodable_list_store() - write what was added to projection.undecodable, and forget it
 *
 * The oldest messages there go when there are more than the configuration allows; one that is there already is
 * not stored again. Return: ERROR_NONE, or as pg_exec().
 */
_must_check_ ErrorCode undecodable_list_store(UndecodableList *list, PGconn *conn,
                                              const ProjectorConfig *config, Error *err);
