#pragma once

/*
 * admin_views.h — GET /v1/views and GET /v1/views/:view: every version, how far it is, and what is done with it.
 */

#include "admin_view.h"

void handle_views(void *app, const HttpRequest *req, HttpResponse *res);
void handle_view(void *app, const HttpRequest *req, HttpResponse *res);

/* Answer one version, as it stands in the list. Return: ERROR_NONE; ERROR_NOT_FOUND; or as pg_exec(). */
_must_check_ ErrorCode admin_answer_version(AdminCall *call, const char *view, int version,
                                            int status, Error *err);
