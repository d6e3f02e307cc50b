#pragma once

/*
 * kafka_headers.h — the headers of a message, from a table.
 */

#include "common/kafka/kafka.h"

DEFINE_CLEANUP(rd_kafka_headers_t *, rd_kafka_headers_destroy)

typedef struct KafkaHeader {
        const char *name;
        const char *value; /* NULL: left out */
} KafkaHeader;

/* The caller owns them until a message does. Return: ERROR_NONE or ERROR_INTERNAL. */
_must_check_ ErrorCode kafka_headers_new(rd_kafka_headers_t **ret, const KafkaHeader *list,
                                         size_t n, Error *err);
