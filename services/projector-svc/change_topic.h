#pragma once

/*
 * change_topic.h — the topic <prefix>.<view>.changes: made when it is missing, and how far each partition is.
 */

#include "change_message.h"
#include "projector_config.h"

/* Make the topic, compacted, unless it exists; @topic->partitions is what it has then. Blocks for seconds. */
_must_check_ ErrorCode change_topic_ensure(ChangeTopic *topic, const ProjectorConfig *config,
                                           rd_kafka_t *client, Error *err);

/* Offset of the next message of each partition. @ret_ends: room for all partitions. */
_must_check_ ErrorCode change_topic_ends(const ChangeTopic *topic, rd_kafka_t *client,
                                         int64_t *ret_ends, Error *err);
