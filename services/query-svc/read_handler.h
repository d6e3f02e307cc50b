#pragma once

/*
 * read_handler.h — GET /v1/{models} and GET /v1/{models}/{id}.
 */

#include "common/http/http.h"
#include "common/model/auth_predicate.h"

/* @data is a QueryApp. Thread: an HTTP thread. */
void handle_read(void *data, const HttpRequest *req, HttpResponse *res);

/* Who sent @req, as the model's rules know them; borrows from it. */
Reader reader_of(const HttpRequest *req);
