#pragma once

/*
 * change_session.h — the publisher's connection to PostgreSQL: its lease, the changes, the note of what is published.
 */

#include <stdatomic.h>

#include "change_entries.h"
#include "common/pg/pg_conn.h"

typedef struct ChangeSession ChangeSession;

/* How far the feed is. All 0 before a projector has opened it. */
typedef struct ChangeHead {
        int64_t last;
        int64_t published; /* as noted */
} ChangeHead;

/* @view: its name, outlives the session. Return: ERROR_NONE or ERROR_UNAVAILABLE. Thread: the publisher's, as for all. */
_must_check_ ErrorCode change_session_open(ChangeSession **ret, const char *pg_url,
                                           const char *view, Error *err);
void change_session_close(ChangeSession *session);
DEFINE_CLEANUP(ChangeSession *, change_session_close)

/* Try to become the view's publisher, until the session is closed. */
_must_check_ ErrorCode change_session_lease(ChangeSession *session, bool *ret_leased, Error *err);

_must_check_ ErrorCode change_session_head(ChangeSession *session, ChangeHead *ret, Error *err);

/**
 * change_session_read() - the batches with changes behind @after: all there are, or as the limits allow; one at least
 * @published:  noted in the same transaction
 * @ret:        a row each, which change_session_batch() opens; the first may begin with changes up to @after
 *
 * When it returns they are on disk, and so is all that they are about: no crash takes them back.
 */
_must_check_ ErrorCode change_session_read(ChangeSession *session, int64_t after, int64_t published,
                                           int64_t max_batches, int64_t max_bytes, PGresult **ret,
                                           Error *err);

/* What @ret gives lives as long as @rows. */
void change_session_batch(const PGresult *rows, int row, ChangeEntries *ret);

/* Changes up to @published have arrived. */
_must_check_ ErrorCode change_session_note(ChangeSession *session, int64_t published, Error *err);

/* Delete some published changes that are older than @retention_s. *ret_more: call again, there may be more. */
_must_check_ ErrorCode change_session_purge(ChangeSession *session, int64_t published,
                                            int64_t retention_s, bool *ret_more, Error *err);

/* The oldest change that is kept and when the first one behind @published was made; 0 where there is none. */
_must_check_ ErrorCode change_session_ages(ChangeSession *session, int64_t published,
                                           int64_t *ret_oldest, int64_t *ret_waits_since_us,
                                           Error *err);

/* Begin the feed anew: a reset, then all rows. Once @stop is true it is left to the next writer of the view. */
_must_check_ ErrorCode change_session_reset(ChangeSession *session, const atomic_bool *stop,
                                            Error *err);
