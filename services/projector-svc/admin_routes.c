#include "admin_routes.h"

#include "admin_views.h"

const HttpRoute admin_routes[] = {
        { "GET", "/v1/views", handle_views, false, ADMIN_GROUP },
        { NULL, NULL, NULL, false, NULL },
};
