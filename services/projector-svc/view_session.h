#pragma once

/*
 * view_session.h — a view's session with PostgreSQL: leases, checkpoints, rows.
 *
 * A log partition belongs to the session that holds its advisory lock, so that a dead projector is replaced as
 * soon as PostgreSQL notices that its connection is gone. The epoch in the checkpoint row, raised at every
 * change of hands, refuses what a former owner still sends.
 */

#include <stdatomic.h>

#include "common/pg/pg_conn.h"
#include "feed.h"
#include "view_batch.h"

typedef struct ViewSession ViewSession;

/* SQLSTATE of a batch that came too late: somebody else owns some of its log partitions. */
#define VIEW_SESSION_FENCED "SK002"

/* Connect, see that the version is still what it was, and open its change feed: @stop as for change_log_open(). Errors as
 * pg_connect(), view_check() and change_log_open(). */
_must_check_ ErrorCode view_session_open(ViewSession **ret, const char *pg_url, View *view,
                                         const atomic_bool *stop, Error *err);
void view_session_close(ViewSession *session); /* all leases end */
DEFINE_CLEANUP(ViewSession *, view_session_close)

/* Whether the version still plays its role: to be asked after leases were taken, since whoever changed it before
 * has raised the epochs before, and whoever changes it later raises them later. Errors as view_check(). */
_must_check_ ErrorCode view_session_check(ViewSession *session, Error *err);

PGconn *view_session_conn(ViewSession *session);
int64_t view_session_deadline_us(void); /* for one statement, from now */

/* Learn the heads of all logs that feed the view; new partitions become feeds. */
_must_check_ ErrorCode view_session_heads(ViewSession *session, FeedList *feeds,
                                          const char *topic_prefix, Error *err);

/* How many of @n_feeds each worker of all instances should own, so that all have about the same. @members_min: so many
 * are taken to be there. */
_must_check_ ErrorCode view_session_share(ViewSession *session, size_t n_feeds, size_t members_min,
                                          size_t *ret, Error *err);

/**
 * view_session_lease() - take at most @max feeds that nobody owns, with position and offset of their checkpoints
 * @ret_taken:  the caller's, room for all feeds; what was taken, their source still FEED_NONE
 */
_must_check_ ErrorCode view_session_lease(ViewSession *session, const FeedList *feeds, size_t max,
                                          Feed **ret_taken, size_t *ret_n, Error *err);
_must_check_ ErrorCode view_session_release(ViewSession *session, const Feed *feed, Error *err);

/* Load the rows that items [@from, @to) of @batch change into @fold, but for those that are added to, and those that
 * are only put: of these, with a change feed or when the version is built, those that may be stored already. */
_must_check_ ErrorCode view_session_load(ViewSession *session, const ViewBatch *batch, size_t from,
                                         size_t to, RowFold *fold, Error *err);

/**
 * view_session_send() - begin to write rows that changed and checkpoints, in one transaction
 * @batch:  whose changes were folded; NULL when @fold holds none
 * @feeds:  those with a mark are advanced to it
 * @copies: whether view_session_load() has just looked for the rows of @fold: many that were not there are copied
 *
 * A row that is there after all fails a copy with SQLSTATE 23505; without @copies it is replaced. The caller may work on until view_session_receive(), but must not use the session. What @fold holds may be
 * forgotten.
 */
_must_check_ ErrorCode view_session_send(ViewSession *session, const ViewBatch *batch,
                                         const RowFold *fold, const FeedList *feeds, bool copies,
                                         Error *err);

/**
 * view_session_receive() - wait for what view_session_send() began
 *
 * Return: ERROR_NONE: it is committed; an error with sqlstate VIEW_SESSION_FENCED; or as pg_exec(). Nothing is
 *         written then, unless the connection was lost.
 */
_must_check_ ErrorCode view_session_receive(ViewSession *session, Error *err);
