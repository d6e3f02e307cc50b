#pragma once

/*
 * command_handler.h — POST /v1/commands/{CommandType}: a request becomes a command, its outcome the answer.
 */

#include "common/http/http.h"

/* @data is a CommandApp. Thread: an HTTP thread; waits for the command's outcome. */
void handle_command(void *data, const HttpRequest *req, HttpResponse *res);
