#pragma once

/*
 * history_handler.h — GET /v1/history/{type}/{id}: the audit trail of one aggregate, its events in order.
 */

#include "common/http/http.h"

/* @data is a QueryApp. Thread: an HTTP thread. */
void handle_history(void *data, const HttpRequest *req, HttpResponse *res);
