#pragma once

/*
 * event.h — an event as it is stored, published and shown; a value that borrows its text.
 */

#include <stdint.h>

#include "common/base/json_text.h"
#include "common/base/uuid.h"

typedef struct Event {
        Uuid id;
        const char *type;           /* "ProjectCreated" */
        int version;                /* schema version of the event type, from 1 */
        const char *aggregate_type; /* "project" */
        const char *aggregate_id;
        int64_t sequence;  /* in the stream of its aggregate, from 1 */
        JsonSpan data;     /* eventData: a JSON object, as it was written */
        JsonSpan metadata; /* a JSON object, as it was written */
        const char *correlation_id;
        int64_t timestamp_us; /* when it was stored */
        int32_t partition;    /* of the log of its aggregate type, from 0 */
        int64_t position;     /* in that partition, from 1, without gaps */
} Event;
