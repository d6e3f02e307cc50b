#include "replay_session.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pg/pg_params.h"
#include "replay_collect.sql.h"
#include "replay_leave.sql.h"
#include "replay_move.sql.h"
#include "replay_note.sql.h"
#include "replay_partitions.sql.h"
#include "replay_selected.sql.h"
#include "replay_take.sql.h"

#define SESSION_TIMEOUT_US (10 * US_PER_SEC)
#define COLLECT_POSITIONS  20000 /* looked at by one statement */
#define COLLECT_TIMEOUT_US (60 * US_PER_SEC)

struct ReplaySession {
        PGconn *conn;
        PgParams *params;
};

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + SESSION_TIMEOUT_US;
}

ErrorCode replay_session_open(ReplaySession **ret, const char *pg_url, Error *err)
{
        _cleanup_(replay_session_closep) ReplaySession *session = calloc(1, sizeof *session);
        ErrorCode code;

        if (!session || !(session->params = pg_params_new()))
                return error_no_memory(err);
        code = pg_connect(&session->conn, pg_url, "command-svc replayer", deadline_us(), err);
        if (!code)
                *ret = TAKE_PTR(session);
        return code;
}

void replay_session_close(ReplaySession *session)
{
        if (!session)
                return;
        pg_params_free(session->params);
        PQfinish(session->conn);
        free(session);
}

PGconn *replay_session_conn(ReplaySession *session)
{
        return session->conn;
}

void replay_free(Replay *replay)
{
        if (!replay)
                return;
        PQclear(replay->owner);
        free(replay);
}

static const char *text_or_null(const PGresult *res, int column)
{
        return PQgetisnull(res, 0, column) ? NULL : PQgetvalue(res, 0, column);
}

ErrorCode replay_session_take(ReplaySession *session, const Uuid *behind, Replay **ret, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(replay_freep) Replay *replay = calloc(1, sizeof *replay);
        ErrorCode code;

        if (!replay)
                return error_no_memory(err);
        *ret = NULL;
        pg_params_clear(session->params);
        pg_params_uuid(session->params, behind);
        code = pg_exec(session->conn, sql_replay_take, session->params, &res, deadline_us(),
                       "take a replay", err);
        if (code || PQntuples(res) == 0)
                return code;
        replay->owner = TAKE_PTR(res);
        replay->id_text = PQgetvalue(replay->owner, 0, 0);
        if (!uuid_parse(replay->id_text, strlen(replay->id_text), &replay->id))
                return error_set(err, ERROR_INTERNAL, "a replay has no id");
        replay->name = PQgetvalue(replay->owner, 0, 1);
        replay->topic = text_or_null(replay->owner, 2);
        replay->view = text_or_null(replay->owner, 9);
        replay->selection = (EventSelection){
                .aggregate_type = PQgetvalue(replay->owner, 0, 3),
                .aggregate_id = text_or_null(replay->owner, 4),
                .event_type = text_or_null(replay->owner, 5),
                .since = text_or_null(replay->owner, 6),
                .before = text_or_null(replay->owner, 7),
        };
        replay->rate = strtoll(PQgetvalue(replay->owner, 0, 8), NULL, 10);
        *ret = TAKE_PTR(replay);
        return ERROR_NONE;
}

/* A statement about one replay: $1 is its id, the caller adds the rest. */
static void begin(ReplaySession *session, const Replay *replay)
{
        pg_params_clear(session->params);
        pg_params_uuid(session->params, &replay->id);
}

void replay_session_leave(ReplaySession *session, const Replay *replay)
{
        begin(session, replay);
        /* When it fails the connection is gone, and the lock with it. */
        (void)!pg_exec(session->conn, sql_replay_leave, session->params, NULL, deadline_us(),
                       "leave a replay", NULL);
}

ErrorCode replay_session_partitions(ReplaySession *session, const Replay *replay,
                                    ReplayPartition **ret, size_t *ret_n, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        begin(session, replay);
        code = pg_exec(session->conn, sql_replay_partitions, session->params, &res, deadline_us(),
                       "read how far a replay is", err);
        if (code)
                return code;
        *ret_n = (size_t)PQntuples(res);
        *ret = calloc(*ret_n + 1, sizeof **ret);
        if (!*ret)
                return error_no_memory(err);
        for (int i = 0; i < PQntuples(res); i++)
                (*ret)[i] = (ReplayPartition){
                        .partition = (int32_t)strtol(PQgetvalue(res, i, 0), NULL, 10),
                        .position = strtoll(PQgetvalue(res, i, 1), NULL, 10),
                        .last_position = strtoll(PQgetvalue(res, i, 2), NULL, 10),
                };
        return ERROR_NONE;
}

ErrorCode replay_session_note(ReplaySession *session, const Replay *replay,
                              const ReplayPartition *partition, int64_t published,
                              bool *ret_running, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        begin(session, replay);
        pg_params_int32(session->params, partition->partition);
        pg_params_int64(session->params, partition->position);
        pg_params_int64(session->params, published);
        code = pg_exec_prepared(session->conn, "replay_note", sql_replay_note, session->params,
                                &res, deadline_us(), "note how far a replay is", err);
        if (!code)
                *ret_running = PQntuples(res) == 1 && strcmp(PQgetvalue(res, 0, 0), "running") == 0;
        return code;
}

ErrorCode replay_session_collect(ReplaySession *session, const Replay *replay,
                                 ReplayPartition *partition, bool *ret_running, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        const EventSelection *selection = &replay->selection;
        int64_t until = partition->last_position;
        ErrorCode code;

        /* The events of one aggregate are found by its id, however many others there are. */
        if (!selection->aggregate_id && until - partition->position > COLLECT_POSITIONS)
                until = partition->position + COLLECT_POSITIONS;
        begin(session, replay);
        pg_params_text(session->params, selection->aggregate_type);
        pg_params_int32(session->params, partition->partition);
        pg_params_int64(session->params, partition->position);
        pg_params_int64(session->params, until);
        pg_params_text(session->params, selection->aggregate_id);
        pg_params_text(session->params, selection->event_type);
        pg_params_text(session->params, selection->since);
        pg_params_text(session->params, selection->before);
        /* Not prepared: the plan depends on what is selected. */
        code = pg_exec(session->conn, sql_replay_collect, session->params, &res,
                       clock_monotonic_us() + COLLECT_TIMEOUT_US, "list the aggregates of a replay",
                       err);
        if (code)
                return code;
        *ret_running = PQntuples(res) == 1 && strcmp(PQgetvalue(res, 0, 0), "running") == 0;
        partition->position = until;
        return ERROR_NONE;
}

ErrorCode replay_session_selected(ReplaySession *session, const Replay *replay, Error *err)
{
        begin(session, replay);
        return pg_exec(session->conn, sql_replay_selected, session->params, NULL, deadline_us(),
                       "note that a replay's aggregates are listed", err);
}

ErrorCode replay_session_move(ReplaySession *session, const Replay *replay, const char *state,
                              const char *reason, Error *err)
{
        int from;

        begin(session, replay);
        pg_params_text(session->params, state);
        from = pg_params_array(session->params, PG_ARRAY_TEXT);
        pg_array_text(session->params, from, strcmp(state, "running") == 0 ? "waiting" : "running");
        pg_params_text(session->params, reason);
        return pg_exec(session->conn, sql_replay_move, session->params, NULL, deadline_us(),
                       "change a replay's state", err);
}
