#pragma once

/*
 * admin_parked.h — /v1/views/{view}/parked: what a view holds back, and what to do about it.
 *
 * A wish is written down; the instance that owns the log partition grants it within refresh_ms.
 */

#include "common/http/http.h"

void handle_parked_list(void *app, const HttpRequest *req, HttpResponse *res);
void handle_parked_one(void *app, const HttpRequest *req, HttpResponse *res);
void handle_parked_retry(void *app, const HttpRequest *req, HttpResponse *res);
void handle_parked_drop(void *app, const HttpRequest *req, HttpResponse *res);
void handle_parked_retry_all(void *app, const HttpRequest *req, HttpResponse *res);
void handle_dropped(void *app, const HttpRequest *req, HttpResponse *res);
void handle_undecodable(void *app, const HttpRequest *req, HttpResponse *res);
