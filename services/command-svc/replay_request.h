#pragma once

/*
 * replay_request.h — what an operator wants published again, or repaired in a view.
 */

#include "common/base/clock.h"
#include "common/base/json_fields.h"
#include "common/base/uuid.h"
#include "common/pg/pg_params.h"

typedef struct ReplayRequest {
        JsonFields fields; /* owns the texts below */
        Buffer default_topic;
        Uuid id;
        const char *name, *aggregate_type;
        const char *topic, *view;                             /* one of them is NULL */
        const char *aggregate_id, *event_type;                /* NULL: any */
        char since[CLOCK_TEXT_SIZE], before[CLOCK_TEXT_SIZE]; /* "": any */
        int64_t first_position, last_position, partition,
                rate; /* negative: any; rate 0: no limit */
} ReplayRequest;

#define REPLAY_REQUEST_INIT \
        ((ReplayRequest){ .first_position = -1, .last_position = -1, .partition = -1 })

void replay_request_deinit(ReplayRequest *request);

/**
 * replay_request_parse() - read the body of POST /v1/replays
 * @text:          borrowed; must stay in place
 * @topic_prefix:  for the topic when neither it nor a view is named: <prefix>.<aggregate type>.replays
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED or ERROR_INVALID naming the field.
 */
_must_check_ ErrorCode replay_request_parse(ReplayRequest *request, const char *text, size_t size,
                                            const char *topic_prefix, Error *err);

/* The topic of a replay that names none: its own, whose partitions follow the log's. */
void replay_default_topic(Buffer *ret, const char *topic_prefix, const char *aggregate_type);

/* The parameters of replay_request.sql. @by: who asks. */
void replay_request_params(const ReplayRequest *request, const char *by, PgParams *params);
