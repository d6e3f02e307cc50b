#include "admin_view.h"

#include <string.h>

void admin_view_answer(void *app, const HttpRequest *req, HttpResponse *res, AdminEndpoint endpoint)
{
        const ProjectorApp *projector = app;

        admin_answer(projector->pool, app, req, res, endpoint);
}

const ProjectorApp *admin_app(const AdminCall *call)
{
        return call->app;
}

ErrorCode admin_view(const AdminCall *call, const Model **ret, Error *err)
{
        const char *name = http_request_param(call->req, "view");

        *ret = schema_model_by_view(admin_app(call)->schema, name);
        return *ret ? ERROR_NONE
                    : error_set_field(err, ERROR_NOT_FOUND, "view", "there is no view \"%s\"",
                                      name);
}
