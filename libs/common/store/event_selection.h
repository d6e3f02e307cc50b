#pragma once

/*
 * event_selection.h — some of the events of one aggregate type: by aggregate, event type, time, position.
 */

#include "common/store/store.h"

typedef struct EventSelection {
        const char *aggregate_type;
        const char *aggregate_id;   /* NULL: of all */
        const char *event_type;     /* NULL: of all types */
        const char *since, *before; /* RFC 3339; NULL: no bound */
} EventSelection;

/**
 * store_read_selection() - the selected events of one log partition, in order
 * @after, @until:  positions; @after moves on to the last one that was looked at
 * @limit:          at most so many events, one at least; fewer when they are large (STORE_PAGE_BYTES)
 *
 * Looks at a bounded number of positions, so that a selection that takes few events of many comes back soon:
 * call again until *@after is @until.
 * Return: ERROR_NONE (maybe no events), or as pg_exec().
 */
_must_check_ ErrorCode store_read_selection(PGconn *conn, const EventSelection *selection,
                                            int32_t partition, int64_t *after, int64_t until,
                                            int limit, EventBatch **ret, int64_t deadline_us,
                                            Error *err);
