#pragma once

/*
 * record_handler.h — GET /v1/commands/:id: the execution record of a command.
 */

#include "common/http/http.h"

void handle_record(void *data, const HttpRequest *req, HttpResponse *res);
