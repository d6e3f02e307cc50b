#pragma once

/*
 * relay_feed.h — hands committed events of a log to the producer: from memory where it has them, read
 * back from the store otherwise. Thread: the relay's.
 */

#include <libpq-fe.h>

#include "common/base/buffer.h"
#include "common/kafka/kafka.h"
#include "relay_log.h"

typedef struct RelayFeed {
        rd_kafka_t *producer; /* its delivery reports get the log as message->_private */
        PGconn *conn;
        int64_t window; /* at most so many events of a log without a report */
        Buffer *scratch;
} RelayFeed;

/* Hand over what is committed, as far as the window allows. What the producer has no room for waits. */
_must_check_ ErrorCode relay_feed(const RelayFeed *feed, RelayLog *log, Error *err);
