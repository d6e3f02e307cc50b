#pragma once

/*
 * kafka_client.h — settings that all our librdkafka clients share; for the files of this folder and for
 * programs that need a client of their own kind.
 */

#include "common/kafka/kafka.h"

/* A configuration with brokers, client id and the common settings; what librdkafka would log is dropped. */
_must_check_ ErrorCode kafka_conf_new(rd_kafka_conf_t **ret, const char *brokers,
                                      const char *client_id, Error *err);

/* Apply rows of { name, value }, the last one { NULL, NULL }. */
_must_check_ ErrorCode kafka_settings_apply(rd_kafka_conf_t *conf, const char *const (*settings)[2],
                                            Error *err);

/* rd_kafka_new() that always consumes @conf. */
_must_check_ ErrorCode kafka_client_new(rd_kafka_t **ret, rd_kafka_type_t type,
                                        rd_kafka_conf_t *conf, Error *err);
