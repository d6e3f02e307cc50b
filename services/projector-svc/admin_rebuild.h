#pragma once

/*
 * admin_rebuild.h — what operators ask of the versions of a view: build one, pause, resume, cancel, switch,
 * switch back, drop one. Each is noted in the registry, with who asked; whichever instance can acts on it.
 */

#include "common/http/http.h"

void handle_rebuild(void *app, const HttpRequest *req, HttpResponse *res);
void handle_rebuild_pause(void *app, const HttpRequest *req, HttpResponse *res);
void handle_rebuild_resume(void *app, const HttpRequest *req, HttpResponse *res);
void handle_rebuild_cancel(void *app, const HttpRequest *req, HttpResponse *res);
void handle_switch(void *app, const HttpRequest *req, HttpResponse *res);
void handle_switch_back(void *app, const HttpRequest *req, HttpResponse *res);
void handle_version_drop(void *app, const HttpRequest *req, HttpResponse *res);
