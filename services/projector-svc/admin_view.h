#pragma once

/*
 * admin_view.h — operators' endpoints about views: the app, and the view that the path names.
 */

#include "common/admin/admin_call.h"
#include "common/model/model.h"
#include "projector_app.h"

/* Answer what @endpoint gives. @app: the ProjectorApp. Thread: an HTTP thread. */
void admin_view_answer(void *app, const HttpRequest *req, HttpResponse *res,
                       AdminEndpoint endpoint);

const ProjectorApp *admin_app(const AdminCall *call);

/* The model of the view that the route's parameter :view names. Return: ERROR_NONE or ERROR_NOT_FOUND. */
_must_check_ ErrorCode admin_view(const AdminCall *call, const Model **ret, Error *err);
