#pragma once

/*
 * replay_handler.h — HTTP for operators: request replays, list them, pause, resume and cancel them.
 */

#include "common/http/http.h"

void handle_replay_request(void *app, const HttpRequest *req,
                           HttpResponse *res);                             /* POST /v1/replays */
void handle_replays(void *app, const HttpRequest *req, HttpResponse *res); /* GET /v1/replays */
void handle_replay(void *app, const HttpRequest *req, HttpResponse *res);  /* GET /v1/replays/:id */

/* POST /v1/replays/:id/:action, "pause", "resume" or "cancel" */
void handle_replay_action(void *app, const HttpRequest *req, HttpResponse *res);
