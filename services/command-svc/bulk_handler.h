#pragma once

/*
 * bulk_handler.h — POST /v1/commands: a command per line in, an answer per line out, in order.
 *
 * Answers leave while later lines still come in. Two threads share a request: the HTTP thread reads lines and
 * submits them, another one waits for outcomes and sends answers; between them is a window.
 */

#include "common/http/http.h"

/* @data is a CommandApp. Thread: an HTTP thread; waits for the outcomes of all lines. */
void handle_bulk(void *data, const HttpRequest *req, HttpResponse *res);
