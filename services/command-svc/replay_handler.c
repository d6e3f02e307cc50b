#include "replay_handler.h"

#include <stdio.h>
#include <string.h>

#include "command_app.h"
#include "common/admin/admin_page.h"
#include "replay_list.sql.h"
#include "replay_move.sql.h"
#include "replay_request.h"
#include "replay_request.sql.h"

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

static CommandApp *app_of(const AdminCall *call)
{
        return call->app;
}

static ErrorCode answer_one(AdminCall *call, const Uuid *id, int status, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        pg_params_clear(call->params);
        pg_params_uuid(call->params, id);
        pg_params_text(call->params, NULL);
        pg_params_int32(call->params, 1);
        code = admin_query(call, sql_replay_list, &res, "look a replay up", err);
        if (code)
                return code;
        if (PQntuples(res) == 0)
                return error_set_field(err, ERROR_NOT_FOUND, "id", "there is no such replay");
        admin_answer_row(call, status, res, 0);
        return ERROR_NONE;
}

static ErrorCode request_replay(AdminCall *call, Error *err)
{
        _cleanup_(replay_request_deinit) ReplayRequest request = REPLAY_REQUEST_INIT;
        _cleanup_(PQclearp) PGresult *res = NULL;
        char location[UUID_TEXT_SIZE + 16], id[UUID_TEXT_SIZE];
        size_t size;
        const char *body = http_request_body(call->req, &size);
        ErrorCode code =
                replay_request_parse(&request, body, size, app_of(call)->config->topic_prefix, err);

        if (code)
                return code;
        replay_request_params(&request, admin_who(call), call->params);
        code = admin_query(call, sql_replay_request, &res, "request a replay", err);
        if (code)
                return code;
        if (strcmp(PQgetvalue(res, 0, 1), "t") != 0)
                return error_set_field(err, ERROR_INVALID, "view", "view \"%s\" is not built yet",
                                       request.view);
        if (strcmp(PQgetvalue(res, 0, 0), "0") == 0)
                return error_set_field(err, ERROR_INVALID, "partition",
                                       "there is no such log partition");
        replayer_wake(app_of(call)->replayer);
        uuid_format(&request.id, id);
        (void)snprintf(location, sizeof location, "/v1/replays/%s", id);
        http_response_header(call->res, "Location", location);
        return answer_one(call, &request.id, 202, err);
}

static ErrorCode list(AdminCall *call, Error *err)
{
        static const char *const keys[] = { "at", "id", NULL }; /* of replay_list.sql's cursor */
        _cleanup_(admin_page_deinit) AdminPage page = ADMIN_PAGE_LIST(keys);
        ErrorCode code = admin_page_read(&page, call, false, err);

        pg_params_text(call->params, NULL);
        return code ? code : admin_page_answer(&page, call, sql_replay_list, "list replays", err);
}

static ErrorCode replay_id(const AdminCall *call, Uuid *ret, Error *err)
{
        const char *text = http_request_param(call->req, "id");

        return uuid_parse(text, strlen(text), ret)
                       ? ERROR_NONE
                       : error_set_field(err, ERROR_NOT_FOUND, "id", "there is no such replay");
}

static ErrorCode show(AdminCall *call, Error *err)
{
        Uuid id;
        ErrorCode code = replay_id(call, &id, err);

        return code ? code : answer_one(call, &id, 200, err);
}

static ErrorCode move(AdminCall *call, const Uuid *id, const Action *action, Error *err)
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
        code = admin_query(call, sql_replay_move, &res, "change a replay's state", err);
        if (code)
                return code;
        if (PQntuples(res) > 0) {
                replayer_wake(app_of(call)->replayer);
                return answer_one(call, id, 200, err);
        }
        code = answer_one(call, id, 200, err); /* 404 when there is none */
        return code ? code
                    : error_set_field(err, ERROR_CONFLICT, "action",
                                      "the replay is in no state to %s it", action->name);
}

static ErrorCode act(AdminCall *call, Error *err)
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

static void answer(void *app, const HttpRequest *req, HttpResponse *res, AdminEndpoint endpoint)
{
        const CommandApp *command = app;

        admin_answer(command->pool, app, req, res, endpoint);
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
