#pragma once

/*
 * replay_session.h — the replayer's connection to the store: takes a replay, reads its events, notes how far
 * it is. A replay that was taken is locked as long as the connection lives. Thread: the replayer's.
 */

#include "common/store/event_selection.h"

typedef struct ReplaySession ReplaySession;

/* Return: ERROR_NONE or ERROR_UNAVAILABLE. */
_must_check_ ErrorCode replay_session_open(ReplaySession **ret, const char *pg_url, Error *err);
void replay_session_close(ReplaySession *session);
DEFINE_CLEANUP(ReplaySession *, replay_session_close)

PGconn *replay_session_conn(ReplaySession *session);

/* A replay that is under way. */
typedef struct Replay {
        PGresult *owner; /* of the texts */
        Uuid id;
        const char *id_text, *name;
        const char *topic, *view; /* one of them is NULL */
        EventSelection selection;
        int64_t rate; /* events a second, aggregates a second for a view; 0: no limit */
} Replay;

void replay_free(Replay *replay);
DEFINE_CLEANUP(Replay *, replay_free)

/* One of its log partitions. */
typedef struct ReplayPartition {
        int32_t partition;
        int64_t position, last_position;
} ReplayPartition;

/* Take a replay that is to go on; NULL when there is none. @behind: begin with those that were requested after this
 * one, so that all have their turn when some cannot go on; one that is no replay: with the oldest. */
_must_check_ ErrorCode replay_session_take(ReplaySession *session, const Uuid *behind, Replay **ret,
                                           Error *err);
void replay_session_leave(ReplaySession *session, const Replay *replay);

/* What is left to do; free *ret with free(). */
_must_check_ ErrorCode replay_session_partitions(ReplaySession *session, const Replay *replay,
                                                 ReplayPartition **ret, size_t *ret_n, Error *err);

/* Note that @published more were acknowledged. @ret_running: false when somebody paused or cancelled it. */
_must_check_ ErrorCode replay_session_note(ReplaySession *session, const Replay *replay,
                                           const ReplayPartition *partition, int64_t published,
                                           bool *ret_running, Error *err);

/**
 * replay_session_collect() - note which aggregates have selected events among the next positions
 * @partition:    ->position moves on
 * @ret_running:  as above
 */
_must_check_ ErrorCode replay_session_collect(ReplaySession *session, const Replay *replay,
                                              ReplayPartition *partition, bool *ret_running,
                                              Error *err);

/* All aggregates are noted: the view's owners go on. */
_must_check_ ErrorCode replay_session_selected(ReplaySession *session, const Replay *replay,
                                               Error *err);

/* Into state "running" (from waiting), "done" or "failed" (from running); no harm when it is in another one.
 * @reason: why it failed, else NULL. */
_must_check_ ErrorCode replay_session_move(ReplaySession *session, const Replay *replay,
                                           const char *state, const char *reason, Error *err);
