#pragma once

/*
 * admin_views.h — GET /v1/views: every version of every view, as the registry has it.
 */

#include "common/http/http.h"

void handle_views(void *app, const HttpRequest *req, HttpResponse *res);
