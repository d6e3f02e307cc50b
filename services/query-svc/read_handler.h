#pragma once

/*
 * read_handler.h — GET /v1/{models} and GET /v1/{models}/{id}.
 */

#include "common/http/http.h"

/* @data is a QueryApp. Thread: an HTTP thread. */
void handle_read(void *data, const HttpRequest *req, HttpResponse *res);
