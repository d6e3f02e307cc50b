#include "replay_handler.h"

#include <stdio.h>
#include <string.h>

#include "command_app.h"
#include "common/auth/principal.h"
#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/pg/pg_params.h"
#include "replay_list.sql.h"
#include "replay_move.sql.h"
#include "replay_request.h"
#include "replay_request.sql.h"

#define TIMEOUT_US (10 * US_PER_SEC)
#define LIST_MAX   100

/* One request of an operator on its way. */
typedef struct Call {
        CommandApp *app;
        const HttpRequest *req;
        HttpResponse *res;
        PGconn *conn;
        PgParams *params;
        int64_t deadline_us;
} Call;

/* What an operator can do to a replay. */
typedef struct Action {
        const char *name;
        const char *to;
        const char *from[4]; /* states in which it can be done */
} Action;

static const Action actions[] = {
        { "pause", "paused", { "waiting", "running" } },
        { "resume", "waiting", { "paused", "failed" } },
        { "cancel", "cancelled", { "waiting", "running", "paused", "failed" } },
};

static ErrorCode select_replays(Call *call, const Uuid *id, const char *before, PGresult **ret,
                                Error *err)
{
        char text[UUID_TEXT_SIZE];

        if (id)
                uuid_format(id, text);
        pg_params_clear(call->params);
        pg_params_text(call->params, id ? text : NULL);
        pg_params_text(call->params, before);
        pg_params_int32(call->params, LIST_MAX);
        return pg_exec(call->conn, sql_replay_list, call->params, ret, call->deadline_us,
                       "list replays", err);
}

static ErrorCode answer_one(Call *call, const Uuid *id, int status, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = select_replays(call, id, NULL, &res, err);

        if (code)
                return code;
        if (PQntuples(res) == 0)
                return error_set_field(err, ERROR_NOT_FOUND, "id", "there is no such replay");
        http_response_json(call->res, status, PQgetvalue(res, 0, 0),
                           (size_t)PQgetlength(res, 0, 0));
        return ERROR_NONE;
}

static ErrorCode request_replay(Call *call, Error *err)
{
        _cleanup_(replay_request_deinit) ReplayRequest request = REPLAY_REQUEST_INIT;
        _cleanup_(PQclearp) PGresult *res = NULL;
        char location[UUID_TEXT_SIZE + 16], id[UUID_TEXT_SIZE];
        size_t size;
        const char *body = http_request_body(call->req, &size);
        ErrorCode code =
                replay_request_parse(&request, body, size, call->app->config->topic_prefix, err);

        if (code)
                return code;
        replay_request_params(&request, http_request_principal(call->req)->name, call->params);
        code = pg_exec(call->conn, sql_replay_request, call->params, &res, call->deadline_us,
                       "request a replay", err);
        if (code)
                return code;
        if (strcmp(PQgetvalue(res, 0, 0), "0") == 0)
                return error_set_field(err, ERROR_INVALID, "partition",
                                       "there is no such log partition");
        replayer_wake(call->app->replayer);
        uuid_format(&request.id, id);
        (void)snprintf(location, sizeof location, "/v1/replays/%s", id);
        http_response_header(call->res, "Location", location);
        return answer_one(call, &request.id, 202, err);
}

static ErrorCode list(Call *call, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        const char *before = http_request_query(call->req, "before");
        int64_t time_us;
        ErrorCode code;

        if (before && clock_parse(before, strlen(before), &time_us, NULL))
                return error_set_field(err, ERROR_MALFORMED, "before",
                                       "must be a time like 2026-01-31T23:59:59Z");
        code = select_replays(call, NULL, before, &res, err);
        if (code)
                return code;
        json_write_object(&body, NULL);
        json_write_array(&body, "items");
        for (int i = 0; i < PQntuples(res); i++)
                json_write_raw(&body, NULL,
                               (JsonSpan){ PQgetvalue(res, i, 0), (size_t)PQgetlength(res, i, 0) });
        json_write_array_end(&body);
        json_write_object_end(&body);
        http_response_json(call->res, 200, body.data, body.size);
        return ERROR_NONE;
}

static ErrorCode replay_id(const Call *call, Uuid *ret, Error *err)
{
        const char *text = http_request_param(call->req, "id");

        return uuid_parse(text, strlen(text), ret)
                       ? ERROR_NONE
                       : error_set_field(err, ERROR_NOT_FOUND, "id", "there is no such replay");
}

static ErrorCode show(Call *call, Error *err)
{
        Uuid id;
        ErrorCode code = replay_id(call, &id, err);

        return code ? code : answer_one(call, &id, 200, err);
}

static ErrorCode move(Call *call, const Uuid *id, const Action *action, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        int states;
        ErrorCode code;

        pg_params_clear(call->params);
        pg_params_uuid(call->params, id);
        pg_params_text(call->params, action->to);
        states = pg_params_array(call->params, PG_ARRAY_TEXT);
        for (size_t i = 0; i < ARRAY_SIZE(action->from) && action->from[i]; i++)
                pg_array_text(call->params, states, action->from[i]);
        pg_params_text(call->params, NULL);
        code = pg_exec(call->conn, sql_replay_move, call->params, &res, call->deadline_us,
                       "change a replay's state", err);
        if (code)
                return code;
        if (PQntuples(res) > 0) {
                replayer_wake(call->app->replayer);
                return answer_one(call, id, 200, err);
        }
        code = answer_one(call, id, 200, err); /* 404 when there is none */
        return code ? code
                    : error_set_field(err, ERROR_CONFLICT, "action",
                                      "the replay is in no state to %s it", action->name);
}

static ErrorCode act(Call *call, Error *err)
{
        const char *name = http_request_param(call->req, "action");
        Uuid id;
        ErrorCode code = replay_id(call, &id, err);

        if (code)
                return code;
        for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
                if (strcmp(actions[i].name, name) == 0)
                        return move(call, &id, &actions[i], err);
        return error_set_field(err, ERROR_NOT_FOUND, "action",
                               "a replay can be paused, resumed and cancelled");
}

static ErrorCode run(Call *call, ErrorCode (*function)(Call *call, Error *err), Error *err)
{
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        code = pg_pool_lease(call->app->pool, &lease, call->deadline_us, err);
        if (code)
                return code;
        call->conn = pg_lease_conn(lease);
        call->params = params;
        return function(call, err);
}

static void answer(void *app, const HttpRequest *req, HttpResponse *res,
                   ErrorCode (*function)(Call *call, Error *err))
{
        Call call = { app, req, res, NULL, NULL, clock_monotonic_us() + TIMEOUT_US };
        Error err = ERROR_INIT;

        if (run(&call, function, &err))
                http_response_problem(res, &err);
}

void handle_replay_request(void *app, const HttpRequest *req, HttpResponse *res)
{
        answer(app, req, res, request_replay);
}

void handle_replays(void *app, const HttpRequest *req, HttpResponse *res)
{
        answer(app, req, res, list);
}

void handle_replay(void *app, const HttpRequest *req, HttpResponse *res)
{
        answer(app, req, res, show);
}

void handle_replay_action(void *app, const HttpRequest *req, HttpResponse *res)
{
        answer(app, req, res, act);
}
