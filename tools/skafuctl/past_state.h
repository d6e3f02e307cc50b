#pragma once

/*
 * past_state.h — the state of one aggregate at a version or a time, folded from its events by the domain's
 * own rules.
 */

#include <stdbool.h>

#include "common/domain/domain.h"
#include "common/pg/pg_conn.h"

/* Which state: at a version, at a time, or the one of now. */
typedef struct PastState {
        const AggregateType *type;
        const char *id;
        int64_t version; /* 0: not asked for by version */
        int64_t time_us; /* with .by_time: what was stored up to then, that moment included */
        bool by_time;
} PastState;

/**
 * past_state_write() - append the state, with the version and the time that it belongs to, to @ret
 * @json:  as one JSON object on a line; otherwise a line about it, and one for each member of the state
 *
 * Reads page by page: memory depends on the state, not on the length of the stream.
 * Return: ERROR_NONE; ERROR_INVALID when the type has no text for its states; ERROR_NOT_FOUND when there is
 *         no such aggregate, or was not then, or no such version yet; as aggregate_apply() and pg_exec().
 */
_must_check_ ErrorCode past_state_write(PGconn *conn, const PastState *wanted, bool json,
                                        Buffer *ret, Error *err);
